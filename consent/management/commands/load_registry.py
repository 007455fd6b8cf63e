"""``manage.py load_registry``."""

from typing import Any

from django.core.management.base import BaseCommand

from consent import shipped


class Command(BaseCommand):
    """Loads the shipped cookie registry; safe to run at every start."""

    help = "Adds the categories and cookies of consent/registry.toml that the database lacks. Never alters one."

    def handle(self, *args: Any, **options: Any) -> None:
        """Say how many entries were added."""
        if added := shipped.load():
            self.stdout.write(f"Loaded {added} entries of the cookie registry")
