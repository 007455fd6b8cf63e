"""``manage.py move_database ADDRESS``."""

from typing import Any

from django.core.exceptions import ImproperlyConfigured
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import DatabaseError, connections

from ossnet_site import moving
from ossnet_site.environment import database

DONE = """Everything is in the new database, and verified there.
Now set DATABASE_URL to its address and start the site. The old file takes no more decisions: nothing brings them over.
Keep it with the backups, and delete it when they are: it holds consent records."""


class Command(BaseCommand):
    """Moves the site; what it leaves is the old database, untouched."""

    help = (
        "Copies everything from the SQLite database of DATABASE_URL to the empty PostgreSQL database at ADDRESS "
        "(postgres://name@host/name; the password may stand in PGPASSWORD), compares both, verifies consent log and "
        "policy there, and commits only then. Stop the site first. Staff sign in anew afterwards."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Where to, and what the consent log cannot say of itself."""
        parser.add_argument("address")
        parser.add_argument("--explained", type=int, action="append", default=[], metavar="SEAL")
        parser.add_argument("--retention-months", type=int, metavar="N", help="both as verify_consent_log takes them")

    def handle(self, *args: Any, address: str, **options: Any) -> None:
        """Say of each table how many rows were moved, then what was verified."""
        exchange(address)
        log = {"explained": options["explained"], "retention_months": options["retention_months"]}

        def verify() -> None:
            call_command("verify_consent_log", stdout=self.stdout, **log)
            call_command("verify_policy", stdout=self.stdout)

        try:
            moving.move(self.stdout.write, verify)
        except moving.CannotMove as reason:
            raise CommandError(f"Nothing was moved. {reason}") from reason
        self.stdout.write(DONE)


def exchange(address: str) -> None:
    """Make the new database this process's own, and the present one the source. Raises CommandError."""
    present = connections[moving.TARGET]
    if present.vendor != "sqlite" or present.is_in_memory_db():  # type: ignore[attr-defined]
        raise CommandError("DATABASE_URL must name the file of an SQLite database: that is what is moved.")
    try:
        config = database(address)
    except ImproperlyConfigured:
        config = {}
    if config.get("ENGINE") != "ossnet_site.postgresql":
        raise CommandError("The address must look like postgres://name:password@host/name.")
    connections.close_all()
    connections.databases[moving.SOURCE] = present.settings_dict
    connections.databases[moving.TARGET] = present.settings_dict | config
    del connections[moving.TARGET]
    try:
        connections[moving.TARGET].ensure_connection()
    except DatabaseError as error:
        raise CommandError(f"The new database cannot be used: {error}") from error
