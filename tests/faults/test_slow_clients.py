"""Clients that say nothing, or say it slowly, in front of the site: everybody else is answered meanwhile."""

import resource
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress

import pytest

from tests.faults.conftest import Site
from tests.faults.front import front
from tests.faults.instance import PATIENCE, Instance
from tests.faults.load import Load, assert_every_page_was_there, assert_nothing_lost_or_doubled

pytestmark = [pytest.mark.faults, pytest.mark.xdist_group("sqlite")]
IDLE = 1000
SLOW = 100


@pytest.fixture
def many_files() -> Iterator[None]:
    """As many open connections as the system lets this process have."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, max(soft, 4096)), hard))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def connect(port: int, stack: ExitStack) -> socket.socket:
    """A connection on which nothing has been said."""
    return stack.enter_context(socket.create_connection(("127.0.0.1", port), timeout=PATIENCE))


class Slow:
    """Clients that send one header after the other and never end."""

    def __init__(self, port: int, stack: ExitStack) -> None:
        self.open = [connect(port, stack) for _number in range(SLOW)]
        self.let_go = 0
        self.over = threading.Event()
        for client in self.open:
            client.sendall(b"POST /sikdatnes/ HTTP/1.1\r\nHost: 127.0.0.1\r\n")
        self.thread = threading.Thread(target=self._go_on)
        self.thread.start()
        stack.callback(self.end)

    def end(self) -> None:
        """They give up."""
        self.over.set()
        self.thread.join()

    def _go_on(self) -> None:
        while not self.over.wait(0.2):
            for client in list(self.open):
                try:
                    client.sendall(b"X-More: 1\r\n")
                except OSError:
                    self.open.remove(client)
                    self.let_go += 1


def test_slow_and_idle_clients_keep_nobody_waiting(
    on_sqlite: Site, run: Callable[..., Instance], many_files: None
) -> None:
    instance = run(on_sqlite)
    with front(instance.port, client_header_timeout="3s") as nginx, ExitStack() as stack:
        idle = [connect(nginx.port, stack) for _number in range(IDLE)]
        slow = Slow(nginx.port, stack)
        with Load((nginx.port,)) as load:
            load.go_on()
            end = time.monotonic() + PATIENCE
            while slow.open and time.monotonic() < end:
                load.go_on(5)
            load.go_on()
        assert slow.let_go == SLOW, "the front lets go of whoever does not come to an end"
        assert all(is_closed(client) for client in idle), "and of whoever says nothing"
    assert_nothing_lost_or_doubled(load, on_sqlite.inside("outcome"))
    assert load.statuses.keys() == {303}
    assert_every_page_was_there(load)
    assert "Traceback" not in instance.said()


def is_closed(client: socket.socket) -> bool:
    """Whether the other end has gone."""
    with suppress(ConnectionError):
        return client.recv(1) == b""
    return True
