"""Has anything changed that public pages show? One cheap look a second in each process, for all that it remembers.

The database itself gives the stamp a new random value with every change of a table in ``settings.STAMPED_TABLES``,
whoever makes it and on whichever machine (``ossnet_site.triggers``). A value never comes back: not with a transaction
that was rolled back, nor with a backup that was restored.

What is remembered under a stamp must be read after the stamp. Then it is at least as new as the stamp says.
"""

import threading
import time
from dataclasses import dataclass, replace
from math import inf

from django.db import Error, OperationalError, connection
from django.utils import timezone

from ossnet_site import patience

BETWEEN_LOOKS = 1.0  # seconds
TOO_OLD = 2.0  # seconds; what publishing and the registry promise to staff
LOOK = 1.5  # seconds; a database that has not said it by then counts as away, and stored pages go on


@dataclass(frozen=True)
class Stamp:
    """``token`` names the content. ``is_known`` is whether the database said so at the last look, or was away.

    ``looked_at`` is on the monotonic clock, ``wall`` on the other one.
    """

    token: str
    is_known: bool
    looked_at: float
    wall: float

    @property
    def value(self) -> str:
        """What stands in the database."""
        return self.token.partition(" ")[0]


NEVER = Stamp("", is_known=False, looked_at=-inf, wall=0.0)
_latest = NEVER
_looking, _taking = threading.Lock(), threading.Lock()


def current() -> Stamp:
    """The stamp, at most a second old; unknown, under the last known name, while the database does not answer.

    One thread looks, the others go on with what they have, unless that could break a promise. While the database is
    away nobody waits for the one that tries again.
    """
    seen = _latest
    age = time.monotonic() - seen.looked_at
    if age < BETWEEN_LOOKS:
        return seen
    must_wait = seen is NEVER or (seen.is_known and age >= TOO_OLD)
    if _looking.acquire(blocking=must_wait):
        try:
            if _latest is seen:
                _look_and_take()
        finally:
            _looking.release()
    return _latest


def renew() -> None:
    """Look now: what is remembered under the stamp from here on is what the database holds. Raises Error."""
    if not _look_and_take().is_known:
        raise OperationalError("the content stamp cannot be read")


def _look_and_take() -> Stamp:
    """Look, and go on with what was found. The name of the content that was there before never comes back by it."""
    while True:
        before = _latest
        found = _look(before)
        if _is_taken(found, before):
            return found


def _is_taken(found: Stamp, before: Stamp) -> bool:
    """Whether a look that began with ``before`` said what holds now.

    Where another one has ended meanwhile and found something else, nobody can tell which of them read first. One that
    failed has read nothing.
    """
    global _latest
    with _taking:
        if _latest is not before and found.is_known and found.token != _latest.token:
            return False
        if found.looked_at >= _latest.looked_at:
            _latest = found if found.is_known else replace(found, token=_latest.token)
        return True


def forget() -> None:
    """Look again at the next question, and take whatever is found for new."""
    global _latest
    _latest = NEVER


def _look(before: Stamp) -> Stamp:
    looked_at, wall = time.monotonic(), time.time()
    try:
        connection.ensure_connection()
        with patience.at_most(LOOK):
            value = _read()
    except Error:
        return Stamp(before.token, is_known=False, looked_at=looked_at, wall=wall)
    # A clock that was put back, and midnight, make pages of another time.
    was_put_back = wall < before.wall
    turn = int(before.token.rpartition(" ")[2] or 0) + was_put_back
    token = f"{value} {timezone.localdate().isoformat()} {turn}"
    return Stamp(before.token if token == before.token else token, is_known=True, looked_at=looked_at, wall=wall)


def _read() -> str:
    """The value in the database; a connection that broke since it was used last is opened anew, once and in time."""
    try:
        return _value()
    except Error:
        if connection.connection is None or connection.in_atomic_block:
            raise
        connection.close()
    return _value()


def _value() -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT value FROM ossnet_site_contentstamp WHERE id = 1")  # each decision asks: without the ORM
        row = cursor.fetchone()
    return row[0] if row else ""
