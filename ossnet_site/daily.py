"""What has to be done each day, in one list, for whatever wakes it: a timer, a container, somebody's hand."""

import logging
import time
from collections.abc import Collection, Iterator
from contextlib import AbstractContextManager, closing, contextmanager, suppress
from datetime import datetime, timedelta
from datetime import time as time_of_day
from io import StringIO
from pathlib import Path

from django.core.files import locks
from django.core.management import CommandError, call_command
from django.db import Error, connection
from django.utils import timezone

logger = logging.getLogger(__name__)

# Each is idempotent, and can be stopped anywhere. Counting and sealing come before the purge: the numbers and the seals
# outlive the records. Last comes the look whether all of that holds.
STEPS = (
    "summarize_decisions",
    "seal_consent_log",
    "purge_consent_records",
    "clearsessions",
    "verify_consent_log",
)
# The number of the lock on PostgreSQL; any other use of such locks in this database must take another.
LOCK = 0x055_DA117
# What a server may limit a transaction by.
LIMITS = ("idle_in_transaction_session_timeout", "transaction_timeout")
# Seconds after which the clock is asked again, as it may have been set, or the machine may have slept.
LOOK_AGAIN = 60.0


def run(skip: Collection[str] = ()) -> Iterator[tuple[str, str, str]]:
    """Do each step and give its name, what it said and why it failed, which is empty when it did not.

    One that fails stops no other.
    """
    for name in STEPS:
        if name in skip:
            continue
        said, reason = StringIO(), ""
        try:
            call_command(name, stdout=said)
        except CommandError as error:
            reason = str(error)
        except Exception as error:
            logger.exception("The daily command %s failed", name)
            reason = f"{type(error).__name__}: {error}"
        if reason and not connection.in_atomic_block:
            connection.close()  # what broke one step's connection must not break the next
        yield name, said.getvalue(), reason


def only_one() -> AbstractContextManager[bool]:
    """Whether no other run is at it, on any machine that shares the database. The lock ends with the process."""
    return _on_sqlite() if connection.vendor == "sqlite" else _on_postgresql()


def next_moment(now: datetime, at: time_of_day) -> datetime:
    """The next time that the site's clocks show ``at``."""
    today = timezone.localdate(now)
    moments = (timezone.make_aware(datetime.combine(today + timedelta(days=days), at)) for days in (0, 1))
    return next(moment for moment in moments if moment > now)


def wait_until(moment: datetime) -> None:
    """Sleep by the clock on the wall, not by a stopwatch."""
    while (left := (moment - timezone.now()).total_seconds()) > 0:
        time.sleep(min(left, LOOK_AGAIN))


@contextmanager
def _on_postgresql() -> Iterator[bool]:
    """In a transaction on a connection of its own, so that a pooler in front of the database cannot hand it on.

    It is idle for as long as the run takes: the server must not end it for that. Where the server ends it all the same,
    because it restarts for instance, the lock is gone, and what the run has done is done.
    """
    with closing(connection.copy()) as holder:
        holder.set_autocommit(False)
        with holder.cursor() as cursor:
            # Of the two, a server before PostgreSQL 17 knows the first alone.
            cursor.execute("SELECT set_config(name, '0', true) FROM pg_settings WHERE name = ANY(%s)", [list(LIMITS)])
            cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [LOCK])
            (taken,) = cursor.fetchone()
        try:
            yield taken
        finally:
            with suppress(Error):
                holder.rollback()


@contextmanager
def _on_sqlite() -> Iterator[bool]:
    """In a file beside the database, as only one machine uses it. One in memory is nobody else's."""
    database = str(connection.settings_dict["NAME"])
    if ":memory:" in database or "mode=memory" in database:
        yield True
        return
    with Path(f"{database}-daily").open("w") as file:
        yield locks.lock(file, locks.LOCK_EX | locks.LOCK_NB)
