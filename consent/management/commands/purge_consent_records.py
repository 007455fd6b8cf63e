"""``manage.py purge_consent_records``."""

from typing import Any

from django.core.management.base import BaseCommand

from consent import retention


class Command(BaseCommand):
    """Deletes evidence that is past its time; to be run daily."""

    help = "Deletes consent records past their retention period, and disclosures that no record refers to any more."

    def handle(self, *args: Any, **options: Any) -> None:
        """Say what was deleted."""
        run = retention.purge()
        self.stdout.write(
            f"Deleted {run.records} consent records that were valid until {run.cutoff:%Y-%m-%d} or earlier, "
            f"and {run.disclosures} disclosures"
        )
