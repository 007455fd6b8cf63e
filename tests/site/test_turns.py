"""A real worker, one turn of its loop at a time: what comes together in one turn."""

import os
import socket
import struct
import time
from collections import deque
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from selectors import EVENT_READ, DefaultSelector
from unittest.mock import Mock

import pytest
from gunicorn.config import Config

from ossnet_site import worker as workers
from ossnet_site.worker import Worker

GET = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"
ASKING = b"POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n"
AT_MOST = 10  # connections


class Turns:
    """The worker, on a port of its own, and whoever talks to it."""

    def __init__(self, held: ExitStack) -> None:
        self.held = held
        self.listener = held.enter_context(socket.create_server(("127.0.0.1", 0), backlog=64))
        config = Config()
        config.set("worker_connections", AT_MOST)
        config.set("keepalive", 30)
        self.worker = Worker(0, os.getpid(), [self.listener], None, 30, config, Mock())
        self.worker.wsgi = answer_shortly
        self.begin()

    def begin(self) -> None:
        """What gunicorn does before the first turn."""
        self.worker.tpool = self.worker.get_thread_pool()
        self.worker.poller = DefaultSelector()
        self.worker.method_queue.init()
        queue = self.worker.method_queue
        self.worker.poller.register(queue.fileno(), EVENT_READ, queue.run_callbacks)
        self.worker.set_accept_enabled(True)

    def end(self) -> None:
        for conn in [*self.worker.arriving, *self.worker.leaving, *self.worker.keepalived_conns]:
            conn.close()
        for pool in (self.worker.tpool, self.worker.probing):
            pool.shutdown()
        self.worker.poller.close()
        self.worker.method_queue.close()
        self.worker.tmp.close()

    def connect(self, said: bytes = b"") -> socket.socket:
        """A connection that the worker has taken, on which something has been said."""
        connection = self.held.enter_context(socket.create_connection(self.listener.getsockname(), timeout=5))
        self.turn()
        connection.sendall(said)
        return connection

    def taken(self, said: bytes) -> socket.socket:
        """The same, after the turn in which the worker has taken what was said."""
        connection = self.connect(said)
        self.turn()
        return connection

    def finish(self) -> None:
        """As many turns as one request takes to be answered."""
        before = len(self.worker.keepalived_conns) + len(self.worker.leaving)
        while len(self.worker.keepalived_conns) + len(self.worker.leaving) == before:
            self.turn()

    def turn(self) -> None:
        """One turn; there is something to do."""
        self.worker.wait_for_and_dispatch_events(5)

    def answered(self, said: bytes = GET) -> socket.socket:
        """A connection that has had its answer and is kept."""
        connection = self.connect(said)
        self.finish()
        assert connection.recv(65536).startswith(b"HTTP/1.1 200 OK")
        return connection


def answer_shortly(environ: object, start_response: object) -> list[bytes]:
    assert callable(start_response)
    start_response("200 OK", [("Content-Length", "2")])
    return [b"ok"]


@pytest.fixture
def turns() -> Iterator[Turns]:
    with ExitStack() as held:
        made = Turns(held)
        yield made
        made.end()


def reset(connection: socket.socket) -> None:
    """Go away without a farewell."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


def test_who_asks_whether_to_go_on_and_has_gone_is_dropped(turns: Turns) -> None:
    connection = turns.connect(ASKING)
    reset(connection)
    turns.turn()
    turns.turn()
    assert turns.worker.nr_conns == 0


def test_who_asks_whether_to_go_on_and_reads_nothing_is_waited_for(turns: Turns) -> None:
    connection = turns.answered()
    (kept,) = turns.worker.keepalived_conns
    for _until_the_systems_are_full in range(5):
        with suppress(BlockingIOError):
            while True:
                kept.sock.send(b"x" * 65536)
        time.sleep(0.02)
    connection.sendall(ASKING)
    turns.turn()
    assert list(turns.worker.arriving) == [kept]


@pytest.mark.parametrize("kind", ["kept", "arriving", "leaving"])
def test_who_gives_way_in_the_very_turn_in_which_more_comes_is_counted_once(turns: Turns, kind: str) -> None:
    said = {"kept": GET, "arriving": b"GET", "leaving": GET.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n")}
    begin = turns.connect if kind == "arriving" else turns.answered
    first, *others = [begin(said[kind]) for _one in range(AT_MOST - 1)]
    assert turns.worker.nr_conns == AT_MOST - 1
    turns.held.enter_context(socket.create_connection(turns.listener.getsockname(), timeout=5))
    for connection in (first, *others):
        connection.sendall(b"G")
    turns.turn()
    with suppress(ConnectionResetError):
        assert first.recv(1) == b"", "it gave way to the new one"
    assert turns.worker.nr_conns == AT_MOST - 1
    assert turns.worker.keepalived_conns == deque()


HALF = b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5000\r\n\r\n" + b"x" * 4000


def test_where_all_together_send_too_much_whoever_has_been_sending_longest_gives_way(
    turns: Turns, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(workers, "MOST_COLLECTED", 4 * len(HALF))
    first, *others = [turns.taken(HALF) for _four in range(4)]
    assert turns.worker.nr_conns == 4, "so much there is room for"
    assert turns.worker.collected == 4 * len(HALF)
    turns.answered()
    assert first.recv(1) == b""
    assert turns.worker.nr_conns == 4
    assert turns.worker.collected == 3 * len(HALF), "what is answered is held no longer"
    for connection in others:
        connection.sendall(b"x" * 1000)
        turns.finish()
        assert connection.recv(65536).startswith(b"HTTP/1.1 200 OK")
    assert turns.worker.collected == 0


def test_where_only_whole_requests_wait_for_a_thread_the_new_one_gives_way(
    turns: Turns, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(workers, "MOST_COLLECTED", 2 * len(GET))
    monkeypatch.setattr(turns.worker, "tpool", busy := Mock())
    for _two in range(2):
        turns.taken(GET)
    assert turns.taken(GET).recv(1) == b""
    assert turns.worker.nr_conns == 2
    assert turns.worker.collected == 2 * len(GET)
    for call in busy.submit.call_args_list:
        turns.worker.drop(call.args[1])
    assert turns.worker.collected == 0


def test_what_was_dropped_and_what_could_not_be_read_is_held_no_longer(turns: Turns) -> None:
    turns.taken(b"GET / HTTP/1.1\r\nX").close()
    turns.turn()
    assert (turns.worker.nr_conns, turns.worker.collected) == (0, 0)
    taken = turns.taken(b"x" * 70_000)
    while not turns.worker.leaving:
        turns.turn()
    assert turns.worker.collected == 0
    taken.close()
