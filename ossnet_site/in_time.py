"""An answer from the database within two seconds, or none: whoever watches the site must not hang with it.

A server that refuses says so at once. One that hangs (a frozen process, a broken switch) says nothing; connecting to it
takes longer than a probe waits, and finding the address of its name has no limit at all. The question is asked in a
thread of its own, which may hang instead, and over a connection of its own: none of the pool's is taken from visitors.
"""

import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from typing import TypeVar

from django.db import DEFAULT_DB_ALIAS, connection, connections

from ossnet_site import patience

T = TypeVar("T")

PATIENCE = 1.5  # seconds; probes and monitoring usually wait for more than two
# Seconds after which a thread that hangs is given up, and another one asks: only the look-up of a name takes so long.
GIVEN_UP_AFTER = 30.0


class TookTooLong(Exception):
    """There was no answer in time."""


class _Turn:
    """One question at a time, so that at most one thread hangs."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.taken_at = 0.0  # on the monotonic clock


_turn = _Turn()


def in_time(question: Callable[[], T]) -> T:
    """What ``question`` answers, asked over a connection of its own. Raises TookTooLong, or what it raises."""
    global _turn
    turn, until = _turn, time.monotonic() + PATIENCE
    if not turn.lock.acquire(timeout=PATIENCE):
        if time.monotonic() - turn.taken_at > GIVEN_UP_AFTER:
            _turn = _Turn()
        raise TookTooLong
    turn.taken_at = time.monotonic()
    answer: Future[T] = Future()
    threading.Thread(target=_ask, args=(question, answer, turn.lock), daemon=True).start()
    try:
        return answer.result(timeout=max(0.0, until - time.monotonic()))
    except TimeoutError as error:
        raise TookTooLong from error


def _ask(question: Callable[[], T], answer: Future[T], turn: threading.Lock) -> None:
    own = connection.copy()  # with settings of its own, too
    own.settings_dict["OPTIONS"].pop("pool", None)
    connections[DEFAULT_DB_ALIAS] = own  # for this thread
    try:
        with patience.at_most(PATIENCE):
            answer.set_result(question())
    except Exception as error:
        answer.set_exception(error)
    finally:
        own.close()
        turn.release()
