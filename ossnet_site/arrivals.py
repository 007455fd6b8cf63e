"""A connection until its request is here: its bytes are collected without a thread, however slowly they come.

gunicorn gives each new connection one of its few threads before anything has been sent on it: four that say nothing
would stop everybody else. Here a connection gets a thread once there is something to answer.
"""

import errno
import re
import time
from contextlib import suppress
from enum import Enum
from typing import Any

from gunicorn.http.errors import LimitRequestHeaders, LimitRequestLine
from gunicorn.http.unreader import SocketUnreader
from gunicorn.workers.gthread import TConn

AT_ONCE = 16 * 1024  # bytes read in one go
# Bytes of what comes before the body, and of a body, that are collected here. The site takes cookies of 16 KB and,
# from visitors, forms of 64 KB; a longer body is read by a thread while the site looks at it.
LONGEST_HEAD, LONGEST_BODY = 64 * 1024, 64 * 1024
# Seconds for which a thread waits for such a body, and for somebody who reads the answer slowly.
THREAD_PATIENCE = 30.0
HEAD_END = re.compile(rb"\r?\n\r?\n")
LENGTH = re.compile(rb"\ncontent-length[ \t]*:[ \t]*0*([0-9]*)[ \t]*\r?\n", re.IGNORECASE)
CHUNKED = re.compile(rb"\ntransfer-encoding[ \t]*:", re.IGNORECASE)
EXPECTS = re.compile(rb"\nexpect[ \t]*:[ \t]*100-continue", re.IGNORECASE)
CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"


class Arrival(Enum):
    """How far a request has come."""

    WAITING = "there is more to come"
    HERE = "a thread can answer"
    GONE = "the other side has closed"


class TimedUnreader(SocketUnreader):  # type: ignore[misc]
    """What a thread reads from: first what was collected, then the rest of a long body, until ``until`` (monotonic)."""

    until = 0.0
    is_whole = False  # then nothing more is waited for, whatever the parser makes of it

    def chunk(self, size_hint: int | None = None) -> bytes:
        """More of the body. Raises OSError when it does not come: half a form must not be taken for a whole one."""
        if self.is_whole:
            raise ConnectionResetError(errno.ECONNRESET, "there is no more")
        self.sock.settimeout(max(0.001, self.until - time.monotonic()))
        data: bytes = super().chunk(size_hint)
        if not data:
            raise ConnectionResetError("the body ended early")
        return data


class Connection(TConn):  # type: ignore[misc]
    """gunicorn's connection, with what has arrived of the next request."""

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self.arrived = bytearray()
        self.since = time.monotonic()  # when it was opened, or the first byte of the next request came
        self.is_idle = False  # between two requests
        self.is_dropped = False  # whatever the turn of the loop that dropped it still says of it is over
        self.counted = 0  # bytes that the worker knows of, see Worker.weigh
        self.wanted: int | None = None  # bytes of the whole request, once that is known
        self.is_whole = False  # whether nothing of the request is left to be read
        self.problem: Exception | None = None

    def taken(self) -> bytes | None:
        """What is there, without waiting: None for nothing yet, empty when the other side has closed."""
        try:
            data: bytes = self.sock.recv(AT_ONCE)
        except BlockingIOError:
            return None
        except OSError:
            return b""
        return data

    def receive(self) -> Arrival:
        """Take what is there as a part of the next request."""
        data = self.taken()
        if not data:
            return Arrival.WAITING if data is None else Arrival.GONE
        self.arrived += data
        return self.look(len(self.arrived) - len(data))

    def look(self, known: int = 0) -> Arrival:
        """How far the request is; no head ends before ``known``."""
        if self.wanted is None:
            end = HEAD_END.search(self.arrived, max(0, known - 3))
            if end:
                self.wanted = end.end() + self.length_of_body(bytes(self.arrived[: end.end()]))
                # Some end lines as gunicorn does not: a thread finds out what it makes of them.
                self.is_whole = self.is_whole and end[0] == b"\r\n\r\n"
            elif len(self.arrived) > LONGEST_HEAD:
                is_line = b"\n" not in self.arrived
                self.problem = LimitRequestLine(LONGEST_HEAD, 0) if is_line else LimitRequestHeaders("too long")
                return Arrival.HERE
        return Arrival.HERE if self.wanted is not None and len(self.arrived) >= self.wanted else Arrival.WAITING

    def length_of_body(self, head: bytes) -> int:
        """How many bytes are waited for after the head."""
        announced = LENGTH.search(head)
        digits = announced[1] if announced else b""
        length = int(digits[:18] or b"0")  # what has more digits is too long by these, too
        self.is_whole = length <= LONGEST_BODY and not CHUNKED.search(head)
        if self.is_whole and length and EXPECTS.search(head):
            # Whoever has gone, or has not read the answers before, is not told; who asks waits only for a while.
            with suppress(OSError):
                self.sock.send(CONTINUE)
        return length if self.is_whole else 0

    def begin(self) -> None:
        """In the first thread that answers: what it reads with."""
        if not self.initialized:
            self.init()
            self.parser.unreader = TimedUnreader(self.sock)

    def hand_over(self) -> None:
        """In the thread that answers: what was collected is what it reads first."""
        self.begin()
        self.parser.unreader.until, self.parser.unreader.is_whole = time.monotonic() + THREAD_PATIENCE, self.is_whole
        self.parser.unreader.unread(bytes(self.arrived))
        self.arrived.clear()
        self.wanted = None

    def take_back(self) -> Arrival:
        """After an answer: what came of the next request already."""
        self.arrived += self.parser.unreader.take_buffered()
        self.since, self.is_idle = time.monotonic(), not self.arrived
        return self.look()
