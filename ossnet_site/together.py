"""Requests that one thread answers, as many as have come at a time; none of them before all are safe on the disk.

SQLite writes for one at a time, and waiting for the disk takes as long as a decision. The site says which requests
these are, and what makes them safe (``ossnet_site.observing``).
"""

import time
from collections import deque
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, nullcontext
from socket import socket
from typing import TYPE_CHECKING, Any

from ossnet_site.arrivals import THREAD_PATIENCE, Connection

if TYPE_CHECKING:
    from ossnet_site.worker import Worker

# Answers that wait for each other, and seconds after which no further one is begun: one may wait for the database.
MOST, LONGEST = 16, 0.05


class Held:
    """A connection on which what is sent is kept for later."""

    def __init__(self, connection: socket) -> None:
        self._connection = connection
        self.answer = b""

    def sendall(self, data: bytes) -> None:
        """Keep it."""
        self.answer += data

    def sendfile(self, file: Any, offset: int = 0, count: int | None = None) -> int:
        """Keep that much of a file."""
        file.seek(offset)
        self.sendall(data := file.read(-1 if count is None else count))
        return len(data)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._connection, name)


class Together:
    """What has come and waits. ``safe`` is entered before several are answered, and left before anybody is told."""

    def __init__(
        self, worker: "Worker", addresses: Iterable[str], safe: Callable[[], AbstractContextManager[None]]
    ) -> None:
        self.worker = worker
        self.beginnings = tuple(f"POST {address} ".encode() for address in addresses)
        self.safe = safe
        self.waiting: deque[Connection] = deque()
        self.is_due = False
        self.thread = ThreadPoolExecutor(max_workers=1)

    def takes(self, conn: Connection) -> bool:
        """Whether it is such a request, and all of it is here."""
        return conn.is_whole and conn.arrived.startswith(self.beginnings)

    def add(self, conn: Connection) -> None:
        """Have it answered with the next ones."""
        self.waiting.append(conn)
        self.schedule()

    def schedule(self) -> None:
        """Once is enough, however many come before the thread begins."""
        if not self.is_due:
            self.is_due = True
            self.thread.submit(self.answer)

    def answer(self) -> None:
        """In the thread: answer what is here; whoever is alone waits for nobody."""
        self.is_due = False
        over: list[tuple[Connection, bool]] = []
        try:
            answers = self.safe_answers()
            over = [(conn, is_kept) for conn, answer, is_kept in answers if self.send(conn, answer, is_kept)]
        finally:
            if self.waiting:
                self.schedule()
            self.worker.method_queue.defer(self.finish, over)

    def safe_answers(self) -> list[tuple[Connection, bytes, bool]]:
        """What each can be told now, and whether its connection is kept after it."""
        most, safe = (MOST, self.safe) if len(self.waiting) > 1 else (1, nullcontext)
        held: list[tuple[Connection, bytes, bool]] = []
        try:
            with safe():
                until = time.monotonic() + LONGEST
                while self.waiting and len(held) < most and time.monotonic() < until:
                    conn = self.waiting.popleft()
                    held.append((conn, *self.hold(conn)))
        except Exception:
            self.worker.log.exception("What was recorded is not safe on the disk")
            page = self.page()
            return [(conn, page, False) for conn, _answer, _is_kept in held]
        return held

    def hold(self, conn: Connection) -> tuple[bytes, bool]:
        """The answer, and whether the connection is kept after it."""
        connection = conn.sock
        try:
            conn.begin()
            conn.sock = held = Held(connection)
            is_kept = bool(self.worker.handle(conn))
        except BaseException:  # whatever it is, the others are answered
            self.worker.log.exception("Error while answering a request")
            return b"", False
        finally:
            conn.sock = connection
        return held.answer, is_kept

    def page(self) -> bytes:
        """For everybody whose decision is not safe; nothing where not even that can be made."""
        try:
            return self.worker.page(503)
        except Exception:
            self.worker.log.exception("Error while answering a request")
            return b""

    def send(self, conn: Connection, answer: bytes, is_kept: bool) -> bool:
        """Send; whoever reads slowly is left to another thread. False then, else the connection can be finished."""
        try:
            conn.sock.setblocking(False)
            sent = conn.sock.send(answer) if answer else 0
        except BlockingIOError:
            sent = 0
        except OSError:  # gone
            return True
        if sent == len(answer):
            return True
        try:
            rest = self.worker.tpool.submit(self.send_rest, conn, answer[sent:], is_kept)
        except RuntimeError:  # the worker is stopping
            return True
        rest.add_done_callback(lambda done: self.worker.method_queue.defer(self.worker.finish_request, conn, done))
        return False

    def send_rest(self, conn: Connection, rest: bytes, is_kept: bool) -> bool:
        """In a thread that may wait for the other side."""
        conn.sock.settimeout(THREAD_PATIENCE)
        conn.sock.sendall(rest)
        return is_kept

    def finish(self, over: list[tuple[Connection, bool]]) -> None:
        """In the worker's loop: each waits for its next request, or for its end."""
        for conn, is_kept in over:
            self.worker.finish(conn, is_kept=is_kept)
