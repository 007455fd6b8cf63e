"""What is counted for whom, in which store, and what the store may know."""

import logging
import os
import shutil
import socket
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import redis
import time_machine
from django.test import Client, RequestFactory

from ossnet_site import counters, limits
from ossnet_site.limits import seconds_to_wait
from tests.consent.decide import decide

# Debian's redis-tools holds the server's program under another name; the name it is called by decides what it is.
SERVER = shutil.which("redis-server") or shutil.which("valkey-server") or shutil.which("redis-check-rdb")
NOON = "2026-11-23T12:00:17Z"


@pytest.fixture
def three_a_minute(settings: Any) -> None:
    """A limit that is reached soon."""
    settings.RATE_LIMITS = {**settings.RATE_LIMITS, "decision": "3/minute;100/hour"}


@pytest.fixture
def store(settings: Any) -> Iterator[str]:
    """A real server of the test's own, reached by a socket in a temporary folder."""
    if SERVER is None:
        assert os.environ.get("CI") != "true", "Redis is not installed"
        pytest.skip("Redis is not installed")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "socket"
        options = ["--port", "0", "--unixsocket", str(path), "--save", "", "--dir", folder]
        process = subprocess.Popen(["redis-server", *options], executable=SERVER, stdout=subprocess.DEVNULL)
        while not path.exists():
            assert process.poll() is None
            time.sleep(0.01)
        settings.RATE_LIMIT_STORE = f"redis+unix://{path}"
        yield f"unix://{path}"
        process.terminate()
        process.wait()


@pytest.fixture
def nothing_listens(settings: Any) -> None:
    """A store that is away: the port was free a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    settings.RATE_LIMIT_STORE = f"redis://:hunter2@127.0.0.1:{port}/0"


def request(address: str = "192.0.2.1", **headers: str) -> Any:
    return RequestFactory(headers=headers).post("/sikdatnes/", REMOTE_ADDR=address)


def waits(number: int, kind: str = "decision", address: str = "192.0.2.1") -> list[int | None]:
    return [seconds_to_wait(kind, request(address)) for _ in range(number)]


# Counting


@time_machine.travel(NOON, tick=False)
def test_each_kind_and_each_client_has_its_own_count(settings: Any) -> None:
    settings.RATE_LIMITS = {"decision": "2/minute", "report": "1/minute"}
    assert waits(3)[:2] == [None, None]
    assert waits(1, "report") == [None]
    assert waits(1, address="192.0.2.2") == [None]
    assert waits(1)[0] is not None


def test_every_kind_of_the_table_can_be_counted() -> None:
    for kind in ("decision", "report", "new-report", "sign-in"):
        assert waits(1, kind) == [None]


@time_machine.travel(NOON, tick=False)
def test_the_usual_limit_lets_two_classes_of_a_school_decide_within_a_minute() -> None:
    assert waits(60) == [None] * 60
    assert waits(1)[0] is not None


def test_the_longer_limit_holds_when_the_shorter_one_is_kept(settings: Any) -> None:
    settings.RATE_LIMITS = {"decision": "2/minute;5/hour"}
    with time_machine.travel(NOON, tick=False) as clock:
        taken = []
        for _ in range(4):
            taken += waits(2)
            clock.shift(130)
    assert taken.count(None) == 5
    assert max(wait for wait in taken if wait) > 60


def test_what_one_process_counts_stays_small(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(counters, "MOST_COUNTERS", 10)
    for number in range(50):
        assert waits(1, address=f"192.0.2.{number}") == [None]
    assert len(limits._own().storage.storage) <= 12  # type: ignore[attr-defined]


def test_what_is_past_its_time_makes_room_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(counters, "MOST_COUNTERS", 10)
    own = counters.OwnCounters()
    with time_machine.travel(NOON, tick=False) as clock:
        for number in range(8):
            own.incr(f"past {number}", 60)
        clock.shift(61)
        assert [own.incr("present", 60), own.incr("present", 60)] == [1, 2]
        own.incr("another", 60)
        own.incr("one more", 60)
        assert sorted(own.storage) == ["another", "one more", "present"]
        assert own.decr("present") == 1


def test_counting_starts_no_thread() -> None:
    own = counters.OwnCounters()
    own.timer.join()
    before = threading.active_count()
    for _time in range(100):
        own.incr("one", 60)
        assert threading.active_count() <= before


# The shared store


@time_machine.travel(NOON, tick=False)
def test_the_shared_store_is_one_for_all_processes_and_holds_no_address(store: str, settings: Any) -> None:
    settings.RATE_LIMITS = {"decision": "3/minute;9/hour"}
    assert waits(2) == [None, None]
    limits.forget()  # as another process, which has counted nothing
    assert waits(1) == [None]
    wait = waits(1)[0]
    assert wait is not None
    assert 1 <= wait <= 61
    with redis.Redis.from_url(store) as client:
        keys = client.keys()
        everything = [*keys, *(client.get(key) for key in keys)]
        assert len(keys) == 2
        assert all(0 < client.ttl(key) <= 7200 for key in keys)
    assert b"192.0.2.1" not in b" ".join(everything)
    assert all(key.startswith(b"ossnet-limits:") for key in keys)


@time_machine.travel(NOON, tick=False)
def test_a_decision_is_limited_by_the_shared_store(visitor: Client, store: str, three_a_minute: None) -> None:
    assert [decide(visitor, "reject_all").status_code for _ in range(4)] == [303, 303, 303, 429]


@time_machine.travel(NOON, tick=False)
def test_a_store_that_is_away_takes_nobodys_decision_and_is_spoken_of_once(
    visitor: Client, nothing_listens: None, three_a_minute: None, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING, "ossnet_site.limits"):
        statuses = []
        for _ in range(4):
            statuses.append(decide(visitor, "reject_all").status_code)
            limits._Away.until = 0.0  # ask it again at once
    assert statuses == [303, 303, 303, 429]  # each process still counts for itself
    assert [record.getMessage() for record in caplog.records if record.name == "ossnet_site.limits"] == [
        "The store of RATE_LIMIT_STORE does not answer (ConnectionError): each process counts for itself"
    ]


def test_a_store_that_accepts_and_never_answers_costs_one_short_wait(settings: Any) -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        settings.RATE_LIMIT_STORE = f"redis://127.0.0.1:{silent.getsockname()[1]}"
        start = time.monotonic()
        assert waits(5) == [None] * 5
        assert time.monotonic() - start < 2


def test_a_store_that_ends_and_comes_back_counts_again(store: str, settings: Any) -> None:
    settings.RATE_LIMITS = {"decision": "5/minute"}
    with redis.Redis.from_url(store) as client:
        client.execute_command("CONFIG", "SET", "maxmemory", "1")  # it answers, but refuses to count
        assert waits(1) == [None]
        assert client.keys() == []
        client.execute_command("CONFIG", "SET", "maxmemory", "0")
        assert waits(1) == [None]
        assert client.keys() == []  # it is left alone for some seconds
        limits._Away.until = 0.0
        assert waits(1) == [None]
        assert len(client.keys()) == 1
