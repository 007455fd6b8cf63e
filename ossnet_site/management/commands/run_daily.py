"""``manage.py run_daily``."""

from datetime import time
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import Error, connections
from django.utils import timezone

from ossnet_site import daily


class Command(BaseCommand):
    """The one command that a timer has to know."""

    help = (
        f"Does what has to be done each day: {', '.join(daily.STEPS)}. One that fails stops no other; the last line "
        "names what failed, and the status is 1 then. While another machine is at it, this one does nothing."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Nothing is needed."""
        parser.add_argument(
            "--skip", action="append", default=[], choices=daily.STEPS, help="leave a step out; may be repeated"
        )
        parser.add_argument(
            "--at",
            type=time.fromisoformat,
            metavar="HH:MM",
            help="go on for ever: now, and each day at this time (Europe/Riga), where nothing else keeps time",
        )
        parser.add_argument(
            "--done-file", type=Path, metavar="FILE", help="a file to touch after each run in which nothing failed"
        )

    def handle(self, *args: Any, skip: list[str], at: time | None, done_file: Path | None, **options: Any) -> None:
        """Once, or for ever; then a failure is told and the next day comes all the same."""
        while True:
            try:
                self.once(skip)
            except CommandError as failure:
                if at is None:
                    raise
                self.stderr.write(str(failure))
            else:
                if done_file:
                    done_file.touch()
            if at is None:
                return
            connections.close_all()  # not kept open for a day
            moment = daily.next_moment(timezone.now(), at)
            self.stdout.write(f"Next run: {moment:%Y-%m-%d %H:%M %Z}")
            daily.wait_until(moment)

    def once(self, skip: list[str]) -> None:
        """Every step, unless another run is at it. Raises CommandError that names what failed."""
        try:
            with daily.only_one() as is_ours:
                if not is_ours:
                    self.stdout.write("Another run of the daily commands is at it; this one does nothing")
                    return
                failed = [name for name, said, reason in daily.run(skip) if self.told(name, said, reason)]
        except Error as error:
            raise CommandError(f"No daily command was run, as the database does not answer: {error}") from error
        if failed:
            raise CommandError(f"Daily commands that failed: {', '.join(failed)}")

    def told(self, name: str, said: str, reason: str) -> bool:
        """Write what a step said, each line with its name, and whether it failed."""
        for line in said.splitlines():
            self.stdout.write(f"{name}: {line}")
        if reason:
            self.stderr.write(f"{name} failed: {reason}")
        return bool(reason)
