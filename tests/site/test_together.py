"""What is answered together: nobody is told before all is safe on the disk, and nobody waits for a slow reader."""

import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any
from unittest.mock import Mock

import pytest
from django.db import OperationalError

from consent import sqlite_writer
from ossnet_site import arrivals, together
from ossnet_site.arrivals import TimedUnreader
from ossnet_site.observing import Observed
from ossnet_site.together import Held, Together
from tests.site.test_turns import GET, Turns

POST = b"POST /decide/ HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nab"


class Deciding(Turns):
    """A worker whose site decides at one address, and writes down what happens."""

    def __init__(self, held: ExitStack) -> None:
        super().__init__(held)
        self.events: list[str] = []
        self.is_broken = False
        self.long = 0
        self.worker.wsgi = self.application
        self.worker.together = Together(self.worker, ["/decide/"], self.safe)

    def end(self) -> None:
        """Once all that was begun is finished."""
        for pool in (self.worker.together.thread, self.worker.tpool):
            pool.shutdown()
        for conn in self.worker.together.waiting:
            conn.close()
        self.worker.method_queue.defer(lambda: None)
        self.worker.method_queue.run_callbacks(None)
        super().end()

    @contextmanager
    def safe(self) -> Iterator[None]:
        self.events.append("begin")
        yield
        self.events.append("safe")
        if self.is_broken:
            raise OperationalError("the disk failed")

    def application(self, environ: dict[str, Any], start_response: Any) -> list[bytes]:
        self.events.append(environ["REQUEST_METHOD"])
        body = environ["wsgi.input"].read()
        if body == b"no":
            raise ValueError("nothing of this")
        if body == b"zz":
            time.sleep(0.25)
        start_response("303 See Other", [("Content-Length", str(2 + self.long))])
        return [b"ok", b"x" * self.long]

    def several(self, *said: bytes) -> list[socket.socket]:
        """Connections on which something has been said, of which the worker knows only when it is asked to answer."""
        connections = [self.taken(words) for words in said]
        while len(self.worker.together.waiting) < len([words for words in said if words.startswith(b"POST")]):
            self.turn()
        return connections

    def go(self) -> None:
        """The thread takes its turn, and what it leaves is finished."""
        self.worker.together.answer()
        self.turn()


@pytest.fixture
def deciding(monkeypatch: pytest.MonkeyPatch) -> Iterator[Deciding]:
    """Without its thread: the test takes its turns."""
    monkeypatch.setattr(Together, "schedule", lambda self: None)
    monkeypatch.setattr(together, "LONGEST", 60.0)  # seconds, in which any machine comes to the end
    with ExitStack() as held:
        made = Deciding(held)
        yield made
        made.end()


def test_several_are_told_once_all_are_safe(deciding: Deciding) -> None:
    connections = deciding.several(POST, POST, POST)
    sent = deciding.worker.together.send
    deciding.worker.together.send = lambda *args: deciding.events.append("sent") or sent(*args)  # type: ignore[method-assign, func-returns-value]
    deciding.go()
    assert deciding.events == ["begin", "POST", "POST", "POST", "safe", "sent", "sent", "sent"]
    for connection in connections:
        answer = connection.recv(65536)
        assert answer.startswith(b"HTTP/1.1 303 See Other")
        assert answer.endswith(b"ok")
    assert len(deciding.worker.keepalived_conns) == 3, "and may ask again"
    connections[0].sendall(POST)
    deciding.turn()
    deciding.go()
    assert connections[0].recv(65536).endswith(b"ok")
    assert deciding.worker.collected == 0


def test_whoever_is_alone_waits_for_nobody(deciding: Deciding) -> None:
    (connection,) = deciding.several(POST)
    deciding.go()
    assert deciding.events == ["POST"]
    assert connection.recv(65536).endswith(b"ok")


def test_where_it_is_not_safe_everybody_is_told_so(deciding: Deciding, site: None) -> None:
    from django.core.wsgi import get_wsgi_application

    connections = deciding.several(POST, POST)
    deciding.is_broken = True
    page = get_wsgi_application()

    def application(environ: dict[str, Any], start_response: Any) -> Any:
        answer = deciding.application if environ["REQUEST_METHOD"] == "POST" else page
        return answer(environ, start_response)

    deciding.worker.wsgi = application
    deciding.go()
    for connection in connections:
        answer = connection.recv(65536)
        assert answer.startswith(b"HTTP/1.1 503 Service Unavailable")
        assert b"Connection: close" in answer
        assert b"Set-Cookie" not in answer
    assert len(deciding.worker.leaving) == 2
    deciding.worker.log.exception.assert_called_once()


def test_one_that_fails_has_its_own_page_and_the_others_theirs(
    deciding: Deciding, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(deciding.worker, "page", lambda status: b"HTTP/1.1 %d\r\n\r\n" % status)
    failed, fine = deciding.several(POST.replace(b"ab", b"no"), POST)
    deciding.go()
    assert failed.recv(65536) == b"HTTP/1.1 500\r\n\r\n"
    assert fine.recv(65536).endswith(b"ok")


def test_even_a_fault_of_the_worker_itself_ends_one_connection_alone(
    deciding: Deciding, monkeypatch: pytest.MonkeyPatch
) -> None:
    handle = deciding.worker.handle
    faults = [KeyError("x")]

    def once(conn: Any) -> Any:
        if faults:
            raise faults.pop()
        return handle(conn)

    monkeypatch.setattr(deciding.worker, "handle", once)
    failed, fine = deciding.several(POST, POST)
    deciding.go()
    assert failed.recv(65536) == b""
    assert fine.recv(65536).endswith(b"ok")


def test_nobody_waits_for_somebody_who_reads_slowly(deciding: Deciding) -> None:
    slow, gone, quick = deciding.several(POST, POST, POST)
    gone.close()
    deciding.long = 8_000_000
    deciding.go()
    assert quick.recv(15) == b"HTTP/1.1 303 Se"
    for connection in (slow, quick):
        read = 0
        while read < 8_000_000:
            read += len(connection.recv(1_000_000))
    while len(deciding.worker.keepalived_conns) < 2:
        deciding.turn()


def test_no_more_than_so_many_wait_for_each_other(deciding: Deciding, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(together, "MOST", 2)
    deciding.several(POST, POST, POST)
    deciding.go()
    assert deciding.events == ["begin", "POST", "POST", "safe"]
    deciding.go()
    assert deciding.events[4:] == ["POST"]


def test_after_one_that_waits_for_the_database_no_other_is_begun(
    deciding: Deciding, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(together, "LONGEST", 0.2)
    waiting, other = deciding.several(POST.replace(b"ab", b"zz"), POST)
    deciding.go()
    assert deciding.events == ["begin", "POST", "safe"]
    assert waiting.recv(65536).endswith(b"ok")
    deciding.go()
    assert other.recv(65536).endswith(b"ok")


def test_a_page_and_a_form_that_is_still_coming_are_not_its_matter(deciding: Deciding) -> None:
    chunked = POST[:-2].replace(b"Content-Length: 2", b"Transfer-Encoding: chunked") + b"2\r\nab\r\n0\r\n\r\n"
    for words in (GET, chunked, POST.replace(b"/decide/", b"/decide/more/")):
        connection = deciding.taken(words)
        deciding.finish()
        assert connection.recv(65536).startswith(b"HTTP/1.1 303")
    assert "begin" not in deciding.events


@pytest.fixture
def running() -> Iterator[Deciding]:
    """With its thread."""
    with ExitStack() as held:
        made = Deciding(held)
        yield made
        made.end()


def answers(running: Deciding, connections: list[socket.socket]) -> None:
    """Each has its answer, while the worker's loop goes on."""
    until = time.monotonic() + 10
    for connection in connections:
        connection.setblocking(False)
    while connections and time.monotonic() < until:
        running.worker.wait_for_and_dispatch_events(0.05)
        for connection in list(connections):
            with suppress(BlockingIOError):
                assert connection.recv(65536).endswith(b"ok")
                connections.remove(connection)
    assert connections == []


def test_all_who_have_come_are_answered_however_many(running: Deciding, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(together, "MOST", 2)
    for _twice in range(2):
        answers(running, [running.taken(POST) for _one in range(7)])


ODD = [
    b"POST /decide/ HTTP/1.1\r\nHost: a\n\n",  # gunicorn reads on
    POST.replace(b"Content-Length: 2", b"Content-Length: " + 25 * b"0" + b"5"),
    POST.replace(b"Content-Length: 2", b"Content-Length: " + 25 * b"5"),
]


@pytest.mark.parametrize("words", ODD)
def test_nobody_waits_for_somebody_who_says_too_little(
    running: Deciding, words: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(arrivals, "THREAD_PATIENCE", 1.0)  # seconds that it takes one of the usual threads
    running.taken(words)
    answers(running, [running.taken(POST), running.taken(POST)])


def test_what_is_here_as_a_whole_is_never_waited_for(running: Deciding) -> None:
    unreader = TimedUnreader(running.listener)
    unreader.is_whole = True
    with pytest.raises(ConnectionResetError):
        unreader.chunk()


def test_whatever_happens_to_one_answer_the_others_are_told(
    deciding: Deciding, monkeypatch: pytest.MonkeyPatch
) -> None:
    closed, fine = deciding.several(POST, POST)
    deciding.worker.together.waiting[0].sock.close()
    deciding.go()
    assert fine.recv(65536).endswith(b"ok")
    assert deciding.worker.nr_conns == 1

    closed, stopping = deciding.several(POST, POST)
    deciding.is_broken = True
    deciding.worker.tpool.shutdown()
    deciding.long = 8_000_000
    monkeypatch.setattr(deciding.worker, "page", Mock(side_effect=ValueError("no page either")))
    deciding.go()
    assert (closed.recv(1), stopping.recv(1)) == (b"", b"")


def test_a_stopping_worker_ends_what_it_cannot_send(deciding: Deciding) -> None:
    (slow,) = deciding.several(POST)
    deciding.long = 8_000_000
    deciding.worker.tpool.shutdown()
    deciding.go()
    assert len(deciding.worker.keepalived_conns) + len(deciding.worker.leaving) == 1
    slow.close()


def test_a_file_is_kept_too(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"0123456789")
    held = Held(socket.socket())
    with (tmp_path / "file").open("rb") as file:
        assert held.sendfile(file, 2, 3) == 3
        assert held.sendfile(file) == 10
    assert held.answer == b"2340123456789"
    held.close()


def test_a_site_on_a_file_of_sqlites_has_its_decisions_answered_together(monkeypatch: pytest.MonkeyPatch) -> None:
    for is_used, expected in ((True, {"/sikdatnes/", "/en/cookies/"}), (False, set())):
        monkeypatch.setattr(sqlite_writer, "is_used", lambda is_used=is_used: is_used)
        site = Observed(lambda environ, start_response: ())
        assert site.gathered == expected
        assert site.gathering is sqlite_writer.gathered
