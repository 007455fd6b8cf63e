"""``manage.py backup_database FILE``."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connection

from ossnet_site.backup import BackupFailed, back_up


class Command(BaseCommand):
    """Copies an SQLite database; changes nothing in it."""

    help = (
        "Writes a checked copy of the SQLite database to FILE, which must not be there yet, while the site goes on. "
        "Of PostgreSQL pg_dump makes one: see docs/backup.md."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Where to."""
        parser.add_argument("file", type=Path)

    def handle(self, *args: Any, file: Path, **options: Any) -> None:
        """Say what was written."""
        if connection.vendor != "sqlite":
            raise CommandError("This is PostgreSQL: pg_dump makes its backups, see docs/backup.md.")
        try:
            size = back_up(connection, file)
        except BackupFailed as reason:
            raise CommandError(f"No backup was written: {reason}") from reason
        self.stdout.write(f"Wrote {file}: {size} bytes, checked")
