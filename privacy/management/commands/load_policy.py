"""``manage.py load_policy``."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from privacy.shipped import UnusableText, load_all


class Command(BaseCommand):
    """Loads the shipped policy versions; safe to run at every start."""

    help = "Loads the policy versions of privacy/texts that the database lacks. Never alters a published version."

    def handle(self, *args: Any, **options: Any) -> None:
        """Say which versions were loaded."""
        try:
            loaded = load_all()
        except UnusableText as error:
            raise CommandError(str(error)) from error
        for version in loaded:
            what = "policy version" if version.is_published else "a draft of policy version"
            self.stdout.write(f"Loaded {what} {version.number}")
