"""A server that accepts and then says nothing: one thread at a time finds out whether it still is so."""

import threading
import time
from contextlib import suppress
from typing import Any

import psycopg

from ossnet_site import patience

# Seconds for which nobody tries again after somebody has waited in vain.
REST = 1.0
# Seconds that an attempt may take: connect_timeout, and a bit.
ATTEMPT = 4.0
# Seconds in which the server takes back a question that is given up.
CANCEL = 0.5


class PatientConnection(psycopg.Connection[Any]):
    """psycopg's, but for how long it waits for an answer."""

    def wait(self, gen: Any, interval: float = 0.1, timeout: float | None = None) -> Any:
        """Wait as long as ``ossnet_site.patience`` says.

        Whoever gives up closes: the answer may still come, and would be taken for that of the next question. A pool
        does not take a closed one back. The server is told before, if it listens: else it would go on, also with what
        waits for a lock, and each further attempt would be one connection more. Raises psycopg's OperationalError.
        """
        left = patience.left()
        if left is None:
            return super().wait(gen, interval, timeout)
        try:
            return super().wait(gen, interval, left if timeout is None else min(left, timeout))
        except psycopg.OperationalError as error:
            is_unanswered = self.pgconn.transaction_status == psycopg.pq.TransactionStatus.ACTIVE
            if error.sqlstate is not None or not is_unanswered:
                raise
            with suppress(psycopg.Error):
                self.cancel_safe(timeout=CANCEL)
            self.close()
            raise psycopg.OperationalError("the database server did not answer in time") from None


class Silence:
    """What this process knows of the server."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._next_attempt: float | None = None  # on the monotonic clock; None while the server speaks

    def take_turn(self) -> None:
        """Before a connection is asked for. Raises psycopg's OperationalError where that would be waiting in vain."""
        with self._lock:
            if self._next_attempt is None:
                return
            now = time.monotonic()
            if now < self._next_attempt:
                raise psycopg.OperationalError("the database server did not answer a moment ago")
            self._next_attempt = now + ATTEMPT

    def begin(self) -> None:
        """Somebody has waited in vain."""
        with self._lock:
            self._next_attempt = time.monotonic() + REST

    def end(self) -> None:
        """The server has said something, be it that it refuses."""
        with self._lock:
            self._next_attempt = None
