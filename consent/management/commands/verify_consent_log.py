"""``manage.py verify_consent_log``."""

import json
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from consent import verification


class Command(BaseCommand):
    """Looks whether the evidence is what it was; changes nothing."""

    help = (
        "Computes every hash, root and signature of the consent log anew and names the first row that was altered, "
        "removed or added. Ends with status 1 then."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """What cannot be read from the database."""
        parser.add_argument(
            "--explained",
            type=int,
            action="append",
            default=[],
            metavar="SEAL",
            help="a seal whose late records were looked into; may be repeated",
        )
        parser.add_argument(
            "--kept", type=Path, metavar="FILE", help="an earlier copy of /.well-known/consent-log.json"
        )
        parser.add_argument(
            "--retention-months",
            type=int,
            metavar="N",
            help="the shortest that CONSENT_RETENTION_MONTHS ever was, where it has been raised since",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Say what was found."""
        try:
            counts = verification.verify(options["explained"], _kept(options["kept"]), options["retention_months"])
        except verification.Broken as finding:
            raise CommandError(str(finding)) from finding
        self.stdout.write(
            f"The log holds: {counts.seals} seals, {counts.records} sealed records, {counts.purged} purged in time, "
            f"{counts.waiting} waiting to be sealed, {counts.disclosures} disclosures"
        )


def _kept(file: Path | None) -> dict[str, Any] | None:
    if file is None:
        return None
    try:
        kept = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise CommandError(f"{file} cannot be read as a seal: {error}") from error
    if not isinstance(kept, dict):
        raise CommandError(f"{file} cannot be read as a seal: it is no JSON object")
    return kept
