"""``manage.py seal_consent_log``."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from consent import sealing


class Command(BaseCommand):
    """Seals what waits; to be run daily."""

    help = (
        "Seals the consent records that no seal holds yet into signed Merkle trees, each chained to the one before. "
        "Decisions of the last five minutes wait for the next run."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        """Say what was sealed, seal by seal."""
        seals = 0
        try:
            for seal in sealing.seal_waiting():
                seals += 1
                self.stdout.write(f"Seal {seal} holds {seal.tree_size} consent records; SHA-256 {seal.sha256}")
                if seal.late:
                    self.stdout.write(f"{seal.late} of them are dated before the end of the seal before")
        except sealing.CannotSeal as reason:
            raise CommandError(str(reason)) from reason
        if not seals:
            self.stdout.write("No consent record waits to be sealed")
