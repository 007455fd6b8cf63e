"""How long this thread waits for a database that says nothing. PostgreSQL alone can hang so; SQLite is a file.

A server that refuses says so at once. One that hangs (a frozen process, a full disk beneath it, a broken switch) says
nothing, and no timeout of its own ends that. ``ossnet_site.postgresql`` asks here before each wait.
"""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from math import inf

# Seconds for each single wait while a visitor is answered: as long as SQLite waits for its lock. Commands, and what
# staff ask for, take as long as their work takes.
FOR_A_REQUEST = 10.0
_longest: float | None = None  # for as long as it takes


class _Own(threading.local):
    """Until when, on the monotonic clock, this thread waits, and whether ``FOR_A_REQUEST`` does not hold for it."""

    until = inf
    is_unhurried = False


_own = _Own()


def answers_requests() -> None:
    """From here on no wait of this process is longer than ``FOR_A_REQUEST``, but ``as_long_as_it_takes``."""
    global _longest
    _longest = FOR_A_REQUEST


def left() -> float | None:
    """Seconds that the next wait may last; None for as long as it takes."""
    longest = None if _own.is_unhurried else _longest
    if _own.until == inf:
        return longest
    left = max(0.0, _own.until - time.monotonic())
    return left if longest is None else min(left, longest)


def is_over() -> bool:
    """Whether the time of ``at_most`` has passed."""
    return time.monotonic() >= _own.until


@contextmanager
def as_long_as_it_takes() -> Iterator[None]:
    """For long work of staff: half an export would look like a whole one."""
    before, _own.is_unhurried = _own.is_unhurried, True
    try:
        yield
    finally:
        _own.is_unhurried = before


@contextmanager
def at_most(seconds: float, *, anew: bool = False) -> Iterator[None]:
    """All waits within take no longer together; with ``anew`` whatever is left of an outer time.

    Connecting is bounded by ``connect_timeout`` and the pool's ``timeout`` instead.
    """
    before, until = _own.until, time.monotonic() + seconds
    _own.until = until if anew else min(before, until)
    try:
        yield
    finally:
        _own.until = before
