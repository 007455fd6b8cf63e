"""For the superuser whose telephone is lost, and who has nobody to ask."""

from typing import Any

from django.contrib.auth.models import User
from django.core.management.base import BaseCommand, CommandError, CommandParser

from ossnet_site import second_factor


class Command(BaseCommand):
    """A thin command."""

    help = "Takes the second factor of a staff account away; its owner sets up a new one at the next login."

    def add_arguments(self, parser: CommandParser) -> None:
        """The account."""
        parser.add_argument("username")

    def handle(self, *args: Any, username: str, **options: Any) -> None:
        """Reset, or say that there is no such account."""
        user = User.objects.filter(username=username).first()
        if user is None:
            raise CommandError(f"There is no account {username!r}.")
        had_one = second_factor.reset(user)
        self.stdout.write(f"{username}: the second factor was reset" if had_one else f"{username}: there was none")
