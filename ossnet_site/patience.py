"""How long this thread waits for a database that says nothing. PostgreSQL alone can hang so; SQLite is a file.

A server that refuses says so at once. One that hangs (a frozen process, a full disk beneath it, a broken switch) says
nothing, and no timeout of its own ends that. ``ossnet_site.postgresql`` asks here before each wait.
"""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from math import inf

# Seconds for each single wait of a process that answers requests: as long as SQLite waits for its lock. Commands wait
# for as long as their work takes.
FOR_A_REQUEST = 10.0
_longest: float | None = None  # for as long as it takes


class _Own(threading.local):
    """Until when, on the monotonic clock, this thread waits."""

    until = inf


_own = _Own()


def answers_requests() -> None:
    """From here on no wait of this process is longer than ``FOR_A_REQUEST``."""
    global _longest
    _longest = FOR_A_REQUEST


def left() -> float | None:
    """Seconds that the next wait may last; None for as long as it takes."""
    if _own.until == inf:
        return _longest
    left = max(0.0, _own.until - time.monotonic())
    return left if _longest is None else min(left, _longest)


def is_over() -> bool:
    """Whether the time of ``at_most`` has passed."""
    return time.monotonic() >= _own.until


@contextmanager
def at_most(seconds: float) -> Iterator[None]:
    """All waits within take no longer together; connecting is bounded by ``connect_timeout`` instead."""
    before = _own.until
    _own.until = min(before, time.monotonic() + seconds)
    try:
        yield
    finally:
        _own.until = before
