"""``manage.py new_signing_key``."""

import secrets
from typing import Any

from django.core.management.base import BaseCommand

from consent import signing


class Command(BaseCommand):
    """Makes a key; changes nothing."""

    help = (
        "Prints a value of CONSENT_SIGNING_KEYS in which a fresh key signs, and the public halves of the present keys "
        "go on verifying what they signed. Put it into the environment and start the site anew."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        """Print the value and nothing else, so that it can be piped."""
        self.stdout.write(signing.rotated(secrets.token_urlsafe(32)))
