"""``manage.py verify_policy``."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from privacy import verification


class Command(BaseCommand):
    """Looks whether the policy is what it was; changes nothing."""

    help = (
        "Computes the SHA-256 of every policy text anew and prints those of the published versions, a line each, to be "
        "compared with another day's. Ends with status 1 when a text is not what its SHA-256 says."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        """Say what was found."""
        texts = 0
        try:
            for text in verification.verify():
                texts += 1
                self.stdout.write(f"Version {text.version.number}, {text.language}: {text.sha256}")
        except verification.Broken as finding:
            raise CommandError(str(finding)) from finding
        self.stdout.write(f"The policy holds: {texts} published texts")
