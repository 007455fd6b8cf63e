"""Too many decisions of one client: what is refused, what still works, and what the store may know."""

import hashlib
import logging
import os
import re
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import redis
import time_machine
from django.db import connection
from django.test import Client, RequestFactory
from django.test.utils import CaptureQueriesContext

from consent.disclosures import Shown
from consent.models import ConsentRecord
from ossnet_site import limits
from ossnet_site.clients import client_pseudonym
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
def limit_reached(visitor: Client, three_a_minute: None) -> None:
    """Somebody else behind the visitor's address has used the limit up."""
    with time_machine.travel(NOON, tick=False):
        noisy = Client(headers={"Sec-Fetch-Site": "same-origin"})
        for _ in range(3):
            assert decide(noisy, "reject_all").status_code == 303


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


# A decision beyond the limit


@time_machine.travel(NOON, tick=False)
def test_a_decision_beyond_the_limit_is_refused_in_words_and_not_recorded(
    visitor: Client, shown: Shown, limit_reached: None
) -> None:
    stored = ConsentRecord.objects.count()
    response = decide(visitor, "accept_all", disclosure=shown.sha256)
    assert response.status_code == 429
    assert 1 <= int(response.headers["Retry-After"]) <= 61
    assert "no-store" in response.headers["Cache-Control"]
    assert "Sīkdatņu iestatījumi" in response.content.decode()
    assert not response.cookies
    assert "google" not in response.content.decode() + response.headers["Content-Security-Policy"]
    assert ConsentRecord.objects.count() == stored


@time_machine.travel(NOON, tick=False)
def test_the_words_are_in_the_language_of_the_address(visitor: Client, limit_reached: None) -> None:
    response = decide(visitor, "accept_all", address="/en/cookies/")
    assert response.status_code == 429
    page = response.content.decode()
    assert "Too many requests" in page
    assert "yours has not been recorded" in page
    assert "Nothing that you said no to" not in page
    assert "Try again in 1 minute." in page


def test_after_the_seconds_of_retry_after_the_decision_is_taken(visitor: Client, limit_reached: None) -> None:
    with time_machine.travel(NOON, tick=False) as clock:
        wait = int(decide(visitor, "reject_all").headers["Retry-After"])
        clock.shift(wait - 2)
        assert decide(visitor, "reject_all").status_code == 429
        clock.shift(2)
        assert decide(visitor, "reject_all").status_code == 303


@time_machine.travel(NOON, tick=False)
def test_reading_is_never_limited(visitor: Client, limit_reached: None) -> None:
    for address in ("/", "/privatuma-politika/", "/en/cookies/", "/sikdatnes/apliecinajums/") * 3:
        assert visitor.get(address).status_code == 200
    assert visitor.head("/sikdatnes/").status_code == 200


@time_machine.travel(NOON, tick=False)
def test_another_address_is_not_limited(visitor: Client, limit_reached: None) -> None:
    assert (
        decide(Client(headers={"Sec-Fetch-Site": "same-origin"}, REMOTE_ADDR="198.51.100.7"), "reject_all").status_code
        == 303
    )


@time_machine.travel(NOON, tick=False)
def test_forms_of_another_site_do_not_use_up_what_the_visitor_may_send(visitor: Client, three_a_minute: None) -> None:
    for _ in range(5):
        assert decide(Client(headers={"Sec-Fetch-Site": "cross-site"}), "reject_all").status_code == 403
    assert decide(visitor, "reject_all").status_code == 303


@time_machine.travel(NOON, tick=False)
def test_forms_that_are_refused_count_too(visitor: Client, three_a_minute: None) -> None:
    assert [decide(visitor, "nonsense").status_code for _ in range(4)] == [400, 400, 400, 429]


def test_a_decision_within_the_limit_costs_no_query_more(visitor: Client, shown: Shown, settings: Any) -> None:
    def queries() -> int:
        browser = Client(headers={"Sec-Fetch-Site": "same-origin"})
        with CaptureQueriesContext(connection) as captured:
            assert decide(browser, "accept_all", disclosure=shown.sha256).status_code == 303
        return len(captured)

    queries()  # what the first one remembers is not the limit's doing
    limited = queries()
    settings.MIDDLEWARE = [name for name in settings.MIDDLEWARE if "flooding" not in name]
    assert limited == queries()


# A no beyond the limit


@pytest.fixture
def visitor_who_granted(visitor: Client, shown: Shown) -> Client:
    with time_machine.travel(NOON, tick=False):
        assert decide(visitor, "accept_all", disclosure=shown.sha256).status_code == 303
        limits.forget()
    return visitor


@pytest.mark.parametrize("decision", ["withdraw", "reject_all", "save"])
@time_machine.travel(NOON, tick=False)
def test_a_no_beyond_the_limit_stops_everything_in_this_browser_and_claims_no_record(
    visitor_who_granted: Client, limit_reached: None, decision: str
) -> None:
    visitor_who_granted.cookies["_ga"] = "GA1.1.1"
    running = visitor_who_granted.get("/")
    assert "js/google" in running.content.decode()
    assert "google" in running.headers["Content-Security-Policy"]
    stored = ConsentRecord.objects.count()
    response = decide(visitor_who_granted, decision)
    assert response.status_code == 429
    assert ConsentRecord.objects.count() == stored
    assert "nedarbojas nekas no tā, ko noraidījāt" in response.content.decode()
    assert response.headers["Clear-Site-Data"] == '"storage"'
    assert any(morsel.key == "_ga" and morsel["max-age"] == 0 for morsel in response.cookies.values())
    for answer in (response, visitor_who_granted.get("/")):
        assert "google" not in answer.headers["Content-Security-Policy"]
        assert "js/google" not in answer.content.decode()
        assert "banner-heading" in answer.content.decode()  # nothing is claimed: the visitor is asked again


@time_machine.travel(NOON, tick=False)
def test_a_category_that_was_left_ticked_stays_granted(visitor_who_granted: Client, limit_reached: None) -> None:
    assert decide(visitor_who_granted, "save", "analytics").status_code == 429
    state = visitor_who_granted.get("/").headers["Consent-State"]
    assert state == "granted,undecided,undecided"


@time_machine.travel(NOON, tick=False)
def test_a_no_to_nothing_changes_nothing(visitor_who_granted: Client, limit_reached: None) -> None:
    response = decide(visitor_who_granted, "save", "analytics", "facebook", "hotjar")
    assert response.status_code == 429
    assert not response.cookies
    assert visitor_who_granted.get("/").headers["Consent-State"] == "granted,granted,granted"


def test_the_receipt_stays_and_the_next_decision_follows_it(
    visitor_who_granted: Client, shown: Shown, limit_reached: None
) -> None:
    first = ConsentRecord.objects.earliest("decided_at")
    with time_machine.travel(NOON, tick=False) as clock:
        wait = int(decide(visitor_who_granted, "withdraw").headers["Retry-After"])
        assert first.number in visitor_who_granted.get("/sikdatnes/apliecinajums/").content.decode()
        clock.shift(wait)
        assert decide(visitor_who_granted, "withdraw").status_code == 303
    latest = ConsentRecord.objects.latest("decided_at")
    assert latest.previous_id == first.pk
    assert latest.subject_id == first.subject_id


@time_machine.travel(NOON, tick=False)
def test_a_no_of_an_undecided_visitor_sets_no_cookie(visitor: Client, limit_reached: None) -> None:
    response = decide(visitor, "reject_all")
    assert response.status_code == 429
    assert not response.cookies
    assert "Clear-Site-Data" not in response.headers


@time_machine.travel(NOON, tick=False)
def test_a_no_that_was_recorded_before_stays(visitor: Client, three_a_minute: None) -> None:
    decide(visitor, "reject_all")
    assert [decide(visitor, "withdraw").status_code for _ in range(3)][-1] == 429
    assert visitor.get("/").headers["Consent-State"] == "refused,refused,refused"


@pytest.mark.parametrize("content_type", ["application/json", "text/plain"])
@time_machine.travel(NOON, tick=False)
def test_what_is_no_form_changes_nothing(visitor_who_granted: Client, limit_reached: None, content_type: str) -> None:
    response = visitor_who_granted.post("/sikdatnes/", b"decision=withdraw", content_type=content_type)
    assert response.status_code == 429
    assert not response.cookies


# Counting


@time_machine.travel(NOON, tick=False)
def test_each_kind_and_each_client_has_its_own_count(settings: Any) -> None:
    settings.RATE_LIMITS = {"decision": "2/minute", "report": "1/minute"}
    assert waits(3)[:2] == [None, None]
    assert waits(1, "report") == [None]
    assert waits(1, address="192.0.2.2") == [None]
    assert waits(1)[0] is not None


def test_every_kind_of_the_table_can_be_counted() -> None:
    for kind in ("decision", "report", "receipt-check"):
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
    monkeypatch.setattr(limits, "MOST_COUNTERS", 10)
    for number in range(50):
        assert waits(1, address=f"192.0.2.{number}") == [None]
    assert len(limits._own().storage.storage) <= 12  # type: ignore[attr-defined]


# The shared store


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


def test_a_decision_is_limited_by_the_shared_store(visitor: Client, store: str, three_a_minute: None) -> None:
    assert [decide(visitor, "reject_all").status_code for _ in range(4)] == [303, 303, 303, 429]


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


# Telling clients apart


def test_a_pseudonym_says_nothing_and_is_another_one_each_day(settings: Any) -> None:
    key = settings.SECRET_KEY
    with time_machine.travel("2026-11-23T23:59:00Z", tick=False):
        today = client_pseudonym(request())
        assert client_pseudonym(request()) == today
        assert client_pseudonym(request("192.0.2.2")) != today
        settings.SECRET_KEY = "another-key"
        assert client_pseudonym(request()) != today
        settings.SECRET_KEY = key
    assert re.fullmatch("[0-9a-f]{64}", today)
    assert today != hashlib.sha256(b"192.0.2.1").hexdigest()  # else all addresses could be tried
    with time_machine.travel("2026-11-24T00:00:00Z", tick=False):
        assert client_pseudonym(request()) != today


def same(one: str, other: str) -> bool:
    return client_pseudonym(request(one)) == client_pseudonym(request(other))


@time_machine.travel(NOON, tick=False)
def test_ipv6_is_one_client_within_its_first_64_bits() -> None:
    assert same("2001:db8:1:2::1", "2001:db8:1:2:ffff:ffff:ffff:ffff")
    assert not same("2001:db8:1:2::1", "2001:db8:1:3::1")
    assert same("::ffff:192.0.2.1", "192.0.2.1")
    assert not same("::ffff:192.0.2.1", "::ffff:192.0.2.2")
    assert same("fe80::1%eth0", "fe80::2")


@time_machine.travel(NOON, tick=False)
def test_a_forwarded_address_is_believed_only_behind_the_proxy_and_only_the_last_one(settings: Any) -> None:
    direct = client_pseudonym(request("10.0.0.1"))
    assert client_pseudonym(request("10.0.0.1", **{"X-Forwarded-For": "192.0.2.1"})) == direct
    settings.BEHIND_TLS_PROXY = True
    visitor = client_pseudonym(request("192.0.2.1"))
    for forwarded in ("192.0.2.1", "198.51.100.9, 192.0.2.1", "x,192.0.2.1 ", "192.0.2.1:5000", "[::ffff:192.0.2.1]:5"):
        assert client_pseudonym(request("10.0.0.1", **{"X-Forwarded-For": forwarded})) == visitor


@pytest.mark.parametrize(
    "garbage", ["", ",", "unknown", "192.0.2.1,", "999.1.1.1", "[", "[]:1", "\x00", "a" * 9000, "_x"]
)
@time_machine.travel(NOON, tick=False)
def test_garbage_is_taken_for_the_proxy_itself(settings: Any, garbage: str) -> None:
    settings.BEHIND_TLS_PROXY = True
    assert client_pseudonym(request("10.0.0.1", **{"X-Forwarded-For": garbage})) == client_pseudonym(
        request("10.0.0.1")
    )
    assert client_pseudonym(request("", **{"X-Forwarded-For": garbage})) == client_pseudonym(request("nonsense"))
