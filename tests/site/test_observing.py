"""What log and metrics learn of a request, and that the answer stays what it was."""

import io
import json
import logging
from collections.abc import Callable, Iterable, Iterator
from typing import Any
from unittest.mock import Mock

import pytest
import time_machine
from django.core.handlers.wsgi import WSGIHandler
from django.test import Client

from consent.disclosures import Shown
from ossnet_site import metrics, short_way
from ossnet_site.front import Environ, Front
from ossnet_site.health import Probes
from ossnet_site.observing import Observed
from ossnet_site.stored_page import StartResponse
from tests.consent.decide import FORM
from tests.site.fronted import POLICY, Answer, kept_connections

# What a visitor brings along, and what no line may hold.
PRIVATE = {
    "QUERY_STRING": "vards=Anna",
    "REMOTE_ADDR": "192.0.2.7",
    "HTTP_X_FORWARDED_FOR": "198.51.100.9",
    "HTTP_USER_AGENT": "Parlukprogramma/7",
    "HTTP_REFERER": "https://citur.example/",
}


class Watched:
    """The site as ``ossnet_site.wsgi`` puts it together."""

    def __init__(self) -> None:
        django = WSGIHandler()
        self.front = Front(short_way.ShortWay(django))
        self.site = Observed(Probes(self.front, django), self.front)

    def ask(self, path: str = POLICY, *, method: str = "GET", body: str = "", **headers: str) -> Answer:
        environ: dict[str, Any] = {
            "REQUEST_METHOD": method, "PATH_INFO": path, "QUERY_STRING": "", "SERVER_NAME": "testserver",
            "SERVER_PORT": "80", "wsgi.url_scheme": "http", "HTTP_HOST": "testserver",
            "wsgi.input": io.BytesIO(body.encode()), "REMOTE_ADDR": "192.0.2.7", **headers,
        }  # fmt: skip
        begun: list[Any] = []
        with kept_connections():
            answer = self.site(environ, lambda *args: begun.extend(args))
            content = b"".join(answer)
            getattr(answer, "close", lambda: None)()
        return Answer(begun[0], begun[1], content)

    def decide(self, body: str, **headers: str) -> Answer:
        facts = {"CONTENT_TYPE": FORM, "CONTENT_LENGTH": str(len(body)), "HTTP_SEC_FETCH_SITE": "same-origin"}
        return self.ask("/sikdatnes/", method="POST", body=body, **facts | headers)


@pytest.fixture
def watched(visitor: Client, settings: Any) -> Watched:
    settings.METRICS_TOKEN = "x"
    return Watched()


@pytest.fixture
def lines(settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[], list[dict[str, Any]]]]:
    """What the log says of requests, with LOG_REQUESTS."""
    settings.LOG_REQUESTS = True
    monkeypatch.setattr(logging.getLogger("ossnet_site.requests"), "level", logging.INFO)
    logging.getLogger("ossnet_site.requests").manager._clear_cache()  # type: ignore[attr-defined]
    (handler,) = (handler for handler in logging.getLogger().handlers if handler.filters)
    assert isinstance(handler, logging.StreamHandler)
    before = handler.setStream(stream := io.StringIO())
    yield lambda: [json.loads(line) for line in stream.getvalue().splitlines() if '"request",' in line]
    handler.setStream(before)
    logging.getLogger("ossnet_site.requests").manager._clear_cache()  # type: ignore[attr-defined]


def numbers(name: str) -> dict[str, float]:
    """The samples of a metric by their labels, as a scrape finds them."""
    found = {}
    for line in metrics.exposition().decode().splitlines():
        if line.startswith((name + "{", name + " ")):
            labels, _space, value = line.removeprefix(name).rpartition(" ")
            found[labels] = float(value)
    return found


class Difference:
    """How much a metric grew meanwhile: the numbers are those of the whole process."""

    def __init__(self, name: str) -> None:
        self.name, self.before = name, numbers(name)

    def __call__(self) -> dict[str, float]:
        grown = {labels: value - self.before.get(labels, 0) for labels, value in numbers(self.name).items()}
        return {labels: value for labels, value in grown.items() if value}


def test_a_line_says_route_status_duration_and_counts_and_nothing_of_the_visitor(
    visitor: Client, shown: Shown, lines: Callable[[], list[dict[str, Any]]]
) -> None:
    site = Watched()
    given = f"decision=save&category=hotjar&disclosure={shown.sha256}"
    cookie = site.decide(given).headers["Set-Cookie"].partition(";")[0]
    for _twice in range(2):
        site.ask(POLICY, HTTP_COOKIE=cookie)
    site.ask("/sikdatnes/apliecinajums/7K3M-Q2PX-9RDT/", HTTP_COOKIE=cookie, **PRIVATE)
    _decision, made, stored, receipt = lines()
    assert stored.pop("milliseconds") >= 0
    assert len(stored.pop("request_id")) == 16
    assert stored.pop("time")
    assert stored == {
        "level": "INFO", "logger": "ossnet_site.requests", "message": "request", "route": POLICY, "method": "GET",
        "status": 200, "stored": True, "granted": 1, "refused": 2, "undecided": 0,
    }  # fmt: skip
    assert made["stored"] is False
    assert receipt["route"] == "/sikdatnes/apliecinajums/<str:number>/"
    whole = json.dumps(lines())
    for word in (*PRIVATE.values(), "7K3M", cookie, shown.sha256):
        assert word not in whole


def test_without_the_setting_there_is_no_line(visitor: Client, settings: Any, caplog: pytest.LogCaptureFixture) -> None:
    Watched().ask()
    assert not [record for record in caplog.records if record.name == "ossnet_site.requests"]


def test_a_page_is_the_same_for_everybody_and_an_error_names_its_request(watched: Watched, settings: Any) -> None:
    settings.BEHIND_TLS_PROXY = True
    first = watched.ask(HTTP_X_REQUEST_ID="the-first-request")
    second = watched.ask(HTTP_X_REQUEST_ID="the-second-request")
    assert (first.status, first.pairs, first.body) == (second.status, second.pairs, second.body)
    assert "X-Request-ID" not in first.headers
    assert watched.ask("/none/", HTTP_X_REQUEST_ID="the-third-request").headers["X-Request-ID"] == "the-third-request"


def test_answers_are_counted_by_route_and_status_and_stored_ones_as_hits(watched: Watched) -> None:
    requests, front, timed = (
        Difference("ossnet_requests_total"),
        Difference("ossnet_front_pages_total"),
        Difference("ossnet_request_seconds_count"),
    )
    etag = watched.ask("/kontakti/").headers["ETag"]
    for _three in range(3):
        watched.ask("/kontakti/")
    watched.ask("/kontakti/", HTTP_IF_NONE_MATCH=etag)
    watched.ask("/kontakti/", QUERY_STRING="x=1")
    watched.ask("/static/none.css")
    watched.ask("/none/")
    watched.ask("/healthz/live")
    assert requests() == {
        '{route="/kontakti/",status="200"}': 5,
        '{route="/kontakti/",status="304"}': 1,
        '{route="/static/",status="404"}': 1,
        '{route="(no route)",status="404"}': 1,
        '{route="/healthz/live",status="200"}': 1,
    }
    assert front() == {'{result="hit"}': 4, '{result="miss"}': 1}
    assert timed()['{route="/kontakti/"}'] == 2


@time_machine.travel("2036-11-23T12:00:17Z", tick=False)  # else the hour of the limit could end before the last one
def test_each_outcome_of_a_decision_is_counted_on_both_ways(
    watched: Watched, shown: Shown, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    decisions, words = Difference("ossnet_decisions_total"), f"&disclosure={shown.sha256}"
    taken = Mock(wraps=short_way.taken_by)
    monkeypatch.setattr(short_way, "taken_by", taken)
    cookie = watched.decide("decision=accept_all" + words).headers["Set-Cookie"].partition(";")[0]
    watched.decide("decision=accept_all" + words)
    watched.decide("decision=reject_all" + words)
    watched.decide("decision=save&category=hotjar" + words)
    watched.decide("decision=withdraw", HTTP_COOKIE=cookie)
    watched.decide("decision=accept_all" + words, HTTP_COOKIE=cookie)
    watched.decide("decision=accept_all")
    watched.decide("decision=nonsense")
    watched.decide("decision=accept_all" + words, HTTP_SEC_FETCH_SITE="cross-site")
    settings.RATE_LIMITS = settings.RATE_LIMITS | {"decision": "1/hour"}
    watched.decide("decision=reject_all" + words)
    watched.decide("decision=reject_all" + words)
    assert taken.called, "the second decision in a state goes the short way"
    assert decisions() == {
        '{outcome="given"}': 2,
        '{outcome="refused"}': 2,
        '{outcome="partly_given"}': 1,
        '{outcome="withdrawn"}': 1,
        '{outcome="unchanged"}': 1,
        '{outcome="words_changed"}': 1,
        '{outcome="malformed"}': 1,
        '{outcome="foreign"}': 1,
        '{outcome="limited"}': 1,
    }


def test_a_decision_that_was_not_committed_counts_as_failed_and_not_as_its_event(
    watched: Watched, shown: Shown, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    decisions = Difference("ossnet_decisions_total")

    def fail(*args: object) -> None:
        raise RuntimeError("after the row, before the answer")

    with monkeypatch.context() as patch:
        patch.setattr("consent.cookie.issue", fail)
        assert watched.decide("decision=reject_all").status == 500
    watched.decide("decision=nonsense")
    assert decisions() == {'{outcome="failed"}': 1, '{outcome="malformed"}': 1}


def test_a_word_that_is_no_method_and_a_thousand_addresses_make_no_label_of_their_own(watched: Watched) -> None:
    before = len(numbers("ossnet_requests_total"))
    for number in range(20):
        watched.ask(f"/none/{number}/", method=f"X{number}")
    assert len(numbers("ossnet_requests_total")) <= before + 2


def test_nothing_is_asked_of_an_application_that_fails(settings: Any) -> None:
    def broken(environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        raise ValueError("inside")

    with pytest.raises(ValueError, match="inside"):
        Observed(broken)({"REQUEST_METHOD": "GET", "PATH_INFO": "/"}, lambda *args: None)


def test_where_nobody_is_told_a_stored_page_is_asked_for_first_and_no_probe(
    visitor: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    watched = Watched()
    made = watched.ask()
    monkeypatch.setattr(watched.site, "application", Mock(side_effect=ValueError("asked")))
    assert vars(watched.ask()) == vars(made)
    with pytest.raises(ValueError, match="asked"):
        watched.ask("/kontakti/")
    monkeypatch.setattr(watched.front, "found", Mock(side_effect=KeyError("a look at the database")))
    with pytest.raises(ValueError, match="asked"):
        watched.ask("/healthz/live")


def test_what_was_counted_quickly_is_put_where_every_process_can_read_it(watched: Watched) -> None:
    watched.ask("/kontakti/")
    watched.ask("/kontakti/")
    watched.site.settle()
    assert metrics.stored_pages.taken() == {}
    assert numbers("ossnet_front_pages_total")['{result="hit"}'] >= 1
