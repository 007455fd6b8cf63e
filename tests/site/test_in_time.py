"""Whoever watches the site gets an answer in time, whatever the database does."""

import io
import socket
import threading
import time
from collections.abc import Iterator

import pytest
from django.core.handlers.wsgi import WSGIHandler
from django.db import OperationalError, connection, connections

from ossnet_site import in_time
from ossnet_site.health import Probes
from tests.site.test_pool import address, backend, pool

__all__ = ["address"]  # the fixture

ask = in_time.in_time  # the fixture of all tests puts another in its place


@pytest.fixture
def patience(monkeypatch: pytest.MonkeyPatch) -> Iterator[threading.Event]:
    """Little of it, and what a question that hangs waits for."""
    monkeypatch.setattr(in_time, "PATIENCE", 0.1)
    monkeypatch.setattr(in_time, "_turn", in_time._Turn())
    ends = threading.Event()
    yield ends
    ends.set()


def test_an_answer_and_a_fault_come_through() -> None:
    assert ask(lambda: "answer") == "answer"

    def fail() -> None:
        raise OperationalError("no server")

    with pytest.raises(OperationalError):
        ask(fail)
    assert ask(lambda: "again") == "again"


def test_a_question_that_hangs_is_left_alone_and_only_one_thread_hangs(
    patience: threading.Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = threading.active_count()
    started = time.monotonic()
    for _four in range(4):
        with pytest.raises(in_time.TookTooLong):
            ask(patience.wait)
    assert time.monotonic() - started < 2
    assert threading.active_count() == before + 1
    patience.set()
    monkeypatch.setattr(in_time, "PATIENCE", 5)
    assert ask(lambda: "back") == "back"


def test_a_thread_that_hangs_for_ever_is_given_up(patience: threading.Event, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(in_time, "GIVEN_UP_AFTER", 0.15)
    for _two in range(2):
        with pytest.raises(in_time.TookTooLong):
            ask(patience.wait)
    monkeypatch.setattr(in_time, "PATIENCE", 5)
    assert ask(lambda: "another thread") == "another thread"


@pytest.mark.once
def test_a_probe_takes_no_connection_of_the_pool_and_leaves_none_behind(address: str) -> None:
    ours = backend()
    taken = pool().get_stats()["requests_num"]
    used = []

    def look() -> int:
        used.append(connections["default"])
        return backend()

    assert ask(look) != ask(look) != ours
    assert pool().get_stats()["requests_num"] == taken
    assert backend() == ours, "this thread keeps its own"
    assert "pool" in connection.settings_dict["OPTIONS"]
    assert all(wrapper.connection is None for wrapper in used)


@pytest.mark.once
def test_a_database_that_hangs_keeps_no_thread_of_a_probe(address: str, patience: threading.Event) -> None:
    before = threading.active_count()

    def hang() -> None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_sleep(30)")

    for _four in range(4):
        with pytest.raises((in_time.TookTooLong, OperationalError)):
            ask(hang)
    end = time.monotonic() + 5
    while threading.active_count() > before and time.monotonic() < end:
        time.sleep(0.01)
    assert threading.active_count() == before


def test_with_a_database_that_hangs_readiness_says_so_within_two_seconds_and_liveness_at_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with socket.socket() as silent:  # accepts, and says nothing
        silent.bind(("127.0.0.1", 0))
        silent.listen()

        def hang() -> None:
            with socket.create_connection(silent.getsockname(), timeout=5) as theirs:
                theirs.recv(1)

        assert probe("/healthz/live") == ("200 OK", b"ok")  # what is made for the first probe is made
        monkeypatch.setattr("ossnet_site.in_time.in_time", ask)
        monkeypatch.setattr("ossnet_site.health._look", hang)
        monkeypatch.setattr(in_time, "_turn", in_time._Turn())
        started = time.monotonic()
        assert probe("/healthz/ready") == ("503 Service Unavailable", b"database unavailable")
        answered = time.monotonic()
        assert 1 < answered - started < 2
        assert probe("/healthz/live") == ("200 OK", b"ok")
        assert time.monotonic() - answered < 0.5


def test_liveness_asks_no_database_and_tries_no_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    def touched(*args: object) -> None:
        raise AssertionError("the database was touched")

    for name in ("cursor", "is_usable", "close_if_unusable_or_obsolete", "connect"):
        monkeypatch.setattr(connection, name, touched)
    assert probe("/healthz/live") == ("200 OK", b"ok")


def probe(address: str) -> tuple[str, bytes]:
    """Status line and body, as the WSGI server asks for them."""
    begun: list[str] = []
    probes = Probes(touching_application, WSGIHandler())
    environ = {"REQUEST_METHOD": "GET", "PATH_INFO": address, "wsgi.url_scheme": "http", "wsgi.input": io.BytesIO()}
    answer = probes(environ | {"SERVER_NAME": "x", "SERVER_PORT": "80"}, lambda status, headers: begun.append(status))
    return begun[0], b"".join(answer)


def touching_application(*args: object) -> list[bytes]:
    raise AssertionError("a probe must not come this far")
