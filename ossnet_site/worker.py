"""gunicorn's worker, but for when a connection gets a thread, how an answer leaves, and what it says to and of somebody
whose request it cannot read; and gunicorn's log, in the form of the site's.
"""

import errno
import time
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext, suppress
from functools import partial
from selectors import EVENT_READ
from socket import SHUT_WR, socket
from typing import Any

from gunicorn.glogging import Logger as GunicornLogger
from gunicorn.workers.gthread import ThreadWorker

from ossnet_site import arrivals, unreadable
from ossnet_site.arrivals import Arrival, Connection
from ossnet_site.logs import JsonLines
from ossnet_site.one_send import OneSend
from ossnet_site.together import Together

# Seconds for a request to arrive in, from its first byte, or from the opening of the connection. A stopping worker has
# less patience.
PATIENCE, LAST_PATIENCE = 15.0, 2.0
# Bytes of requests that a worker collects, and keeps until they are answered: some 500 of the longest.
MOST_COLLECTED = 64 * 1024 * 1024
# Seconds for the other side to close, too, after the last answer: it may still be reading.
FAREWELL = 2.0
# What watches the site, see ossnet_site.health, where an application does not say so itself.
PROBED = ("/healthz/live", "/healthz/ready")
BETWEEN_SETTLEMENTS = 1.0  # seconds, see ossnet_site.observing


class Logger(GunicornLogger):  # type: ignore[misc]
    """gunicorn's own lines as JSON."""

    def setup(self, cfg: Any) -> None:
        """Called at the start and after each reload."""
        super().setup(cfg)
        for handler in [*self.error_log.handlers, *self.access_log.handlers]:
            handler.setFormatter(JsonLines())


class Worker(ThreadWorker):  # type: ignore[misc]
    """Answers an unreadable request with a page of this site and all its headers, and logs no word of it."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # In the order in which they time out; neither has a thread.
        self.arriving: dict[Connection, None] = {}
        self.leaving: dict[Connection, None] = {}
        self.collected = 0  # bytes, see weigh
        self.settled_at = 0.0
        # A thread that none but probes use: where all others hang with the database, one still says so.
        self.probing = ThreadPoolExecutor(max_workers=1)
        self.probes: tuple[bytes, ...] = ()
        self.together = Together(self, (), nullcontext)

    def load_wsgi(self) -> None:
        """Called in the worker's own process; the site says what is a probe, and what is answered together."""
        super().load_wsgi()
        self.probes = beginnings(getattr(self.wsgi, "probed", PROBED))
        self.together = Together(self, getattr(self.wsgi, "gathered", ()), getattr(self.wsgi, "gathering", nullcontext))

    def enqueue_req(self, conn: Any) -> None:
        """Give a request that is here to a thread."""
        is_ours = isinstance(conn, Connection)
        if is_ours and self.together.takes(conn):
            self.together.add(conn)
            return
        is_probe = is_ours and conn.arrived.startswith(self.probes)
        answered = (self.probing if is_probe else self.tpool).submit(self.handle, conn)
        answered.add_done_callback(lambda done: self.method_queue.defer(self.finish_request, conn, done))

    def accept(self, listener: socket) -> None:
        """Take a new connection, in the place of one that says nothing where there is no room."""
        if self.cfg.is_ssl:
            super().accept(listener)
            return
        if self.nr_conns + 1 >= self.worker_connections:
            self.make_room()
        try:
            client, address = listener.accept()
        except OSError as error:
            if error.errno in (errno.EMFILE, errno.ENFILE):
                self.make_room()
            elif error.errno not in (errno.EAGAIN, errno.ECONNABORTED):
                raise
            return
        self.nr_conns += 1
        conn = Connection(self.cfg, client, address, listener.getsockname())
        self.go_on(conn, conn.receive())

    def go_on(self, conn: Connection, arrival: Arrival) -> None:
        """Give a connection that is not waited for to a thread, or wait for more."""
        self.weigh(conn)
        if conn.is_dropped:
            return
        if arrival is Arrival.HERE:
            self.enqueue_req(conn)
        elif arrival is Arrival.GONE:
            self.drop(conn)
        else:
            if conn.is_idle:
                conn.set_timeout()
                self.keepalived_conns.append(conn)
            else:
                self.arriving[conn] = None
            self.poller.register(conn.sock, EVENT_READ, partial(self.on_readable, conn))

    def on_readable(self, conn: Connection, _client: socket) -> None:
        """More of a request has come, or the other side has closed."""
        if conn.is_dropped:
            return
        arrival = conn.receive()
        self.weigh(conn)
        if conn.is_dropped or (arrival is Arrival.WAITING and not conn.is_idle):
            return
        self.stop_waiting(conn)
        if conn.is_idle:
            conn.since, conn.is_idle = time.monotonic(), False
        self.go_on(conn, arrival)

    def stop_waiting(self, conn: Connection) -> None:
        """Nobody looks at the connection from here on."""
        with suppress(OSError, KeyError, ValueError):
            self.poller.unregister(conn.sock)
        if conn.is_idle:
            self.keepalived_conns.remove(conn)
        self.arriving.pop(conn, None)
        self.leaving.pop(conn, None)

    def weigh(self, conn: Connection) -> None:
        """Count what the connection holds; where all hold too much, whoever has been sending longest gives way."""
        self.collected += len(conn.arrived) - conn.counted
        conn.counted = len(conn.arrived)
        while self.collected > MOST_COLLECTED:
            longest = next(iter(self.arriving), conn)
            self.stop_waiting(longest)
            self.drop(longest)

    def drop(self, conn: Connection) -> None:
        """Close at once, and once."""
        if not conn.is_dropped:
            conn.is_dropped = True
            self.collected -= conn.counted
            conn.counted = 0
            conn.arrived.clear()
            self.nr_conns -= 1
            conn.close()

    def make_room(self) -> None:
        """Close the connection that has had nothing to say for the longest time."""
        for waiting in (self.leaving, self.arriving, self.keepalived_conns):
            for conn in waiting:
                self.stop_waiting(conn)
                self.drop(conn)
                return

    def handle(self, conn: Any) -> Any:
        """In a thread: answer the request that has arrived."""
        if not isinstance(conn, Connection):
            return super().handle(conn)
        if conn.problem:
            self.handle_error(None, conn.sock, conn.client, conn.problem)
            return False
        conn.hand_over()
        return super().handle(conn)

    def handle_request(self, req: Any, conn: Any) -> Any:
        """Answer; what is sent leaves as a whole.

        Nobody holds a thread for ever by reading slowly, or with a body that never ends.
        """
        connection = conn.sock
        if isinstance(conn, Connection):
            connection.settimeout(arrivals.THREAD_PATIENCE)
            if not conn.is_whole:
                req.force_close()
        conn.sock = OneSend(connection)
        try:
            goes_on = super().handle_request(req, conn)
            conn.sock.flush()
        except TimeoutError:
            raise StopIteration from None  # gunicorn's word for a connection that is over
        finally:
            conn.sock = connection
        return goes_on

    def finish_request(self, conn: Any, fs: Any) -> None:
        """Wait for the next request, or for the other side to close: gunicorn would wait for that with all others."""
        if not isinstance(conn, Connection):
            super().finish_request(conn, fs)
            return
        try:
            is_kept = not fs.cancelled() and fs.result()
        except Exception:
            is_kept = False
        self.finish(conn, is_kept=is_kept)

    def finish(self, conn: Connection, *, is_kept: bool) -> None:
        """After an answer; without ``is_kept`` it was the last one."""
        try:
            conn.sock.setblocking(False)
            if is_kept:
                self.go_on(conn, conn.take_back())
                return
            conn.arrived.clear()
            self.weigh(conn)
            conn.sock.shutdown(SHUT_WR)
        except Exception:
            self.drop(conn)
            return
        conn.since, conn.is_idle = time.monotonic(), False
        self.leaving[conn] = None
        self.poller.register(conn.sock, EVENT_READ, partial(self.on_farewell, conn))

    def on_farewell(self, conn: Connection, _client: socket) -> None:
        """Whatever is still sent is not read as a request."""
        if not conn.is_dropped and conn.taken() == b"":
            self.stop_waiting(conn)
            self.drop(conn)

    def murder_pending(self) -> None:
        """Close what has had its time; gunicorn calls this at least once a second."""
        super().murder_pending()
        now, patience = time.monotonic(), PATIENCE if self.alive else LAST_PATIENCE
        for waiting, seconds in ((self.arriving, patience), (self.leaving, FAREWELL)):
            for conn in list(waiting):
                if now - conn.since < seconds:
                    break
                self.stop_waiting(conn)
                self.drop(conn)

    def notify(self) -> None:
        """Once a second, and not for each request: say that this worker lives, and have the site settle its counts."""
        now = time.monotonic()
        if now - self.settled_at < BETWEEN_SETTLEMENTS:
            return
        self.settled_at = now
        super().notify()
        getattr(getattr(self, "wsgi", None), "settle", lambda: None)()

    def handle_error(self, req: Any, client: socket, addr: Any, exc: Exception) -> None:
        """Called for what the parser refuses, and for an exception that Django did not catch."""
        status = unreadable.status_of(exc)
        if status == 500:
            self.log.exception("Error while answering a request")
        else:
            self.log.warning("Refused a malformed request: %s", type(exc).__name__)
        with suppress(OSError):  # whoever sent it has gone
            client.settimeout(arrivals.THREAD_PATIENCE)
            client.sendall(self.page(status))

    def page(self, status: int) -> bytes:
        """A whole answer of the site's."""
        return unreadable.page(self.wsgi, status)


def beginnings(addresses: Iterable[str]) -> tuple[bytes, ...]:
    """The first bytes of requests for exactly these: another address may begin like one and lead elsewhere."""
    return tuple(
        f"{method} {address}{end}".encode() for method in ("GET", "HEAD") for address in addresses for end in " ?"
    )
