"""``manage.py summarize_decisions``."""

from typing import Any

from django.core.management.base import BaseCommand

from consent import summaries


class Command(BaseCommand):
    """Keeps the numbers of the page of statistics; to be run daily."""

    help = "Counts the decisions of every day since the last run, for the page of statistics."

    def handle(self, *args: Any, **options: Any) -> None:
        """Say how many days were counted."""
        self.stdout.write(f"Counted the decisions of {summaries.bring_up_to_date()} days")
