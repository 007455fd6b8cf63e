"""A decision beyond the limit is refused in words; a no takes effect in the browser all the same."""

import json
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from consent.disclosures import Shown
from consent.models import ConsentRecord, CspReport
from ossnet_site import limits
from tests.consent.decide import decide

# Far ahead: between the parts of a test the real clock, which the counters are cleared by too, must be behind it.
NOON = "2036-11-23T12:00:17Z"


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
    first = ConsentRecord.objects.get(event="given")  # the other is of the same moment
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


@pytest.mark.django_db
@time_machine.travel(NOON, tick=False)
def test_reports_of_browsers_are_limited_and_then_nothing_is_kept(settings: Any) -> None:
    settings.RATE_LIMITS = settings.RATE_LIMITS | {"report": "2/minute"}
    body = {"document-uri": "http://testserver/", "violated-directive": "img-src", "blocked-uri": "https://x.example"}
    client = Client()
    answers = [
        client.post("/csp-reports/", json.dumps({"csp-report": body}), content_type="application/csp-report")
        for _number in range(3)
    ]
    assert [answer.status_code for answer in answers] == [204, 204, 429]
    assert 0 < int(answers[2].headers["Retry-After"]) <= 60
    assert CspReport.objects.get().count == 2
