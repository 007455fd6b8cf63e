"""While the database is away the pages stay, and no service runs."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.db import OperationalError, connection, connections
from django.test import Client
from django.utils import timezone

from consent.disclosures import Shown
from ossnet_site import stamp
from privacy.models import PolicyVersion
from privacy.publishing import Publication, publish
from tests.consent.decide import decide
from tests.site.fronted import POLICY, Answer, Site, cookie_of

VERSIONS = POLICY + "versijas/"


@pytest.fixture
def an_hour_before(ready_draft: PolicyVersion) -> Iterator[time_machine.Traveller]:
    """The clock, an hour before version 2 takes effect, on the same day."""
    with time_machine.travel("2030-05-06T09:00:00Z", tick=False) as clock:
        in_an_hour = Publication(timezone.now() + timedelta(hours=1), is_material=False, summaries={"lv": "x"})
        publish(ready_draft, in_an_hour, by=None)
        yield clock


@pytest.fixture
def database_down(monkeypatch: pytest.MonkeyPatch, seconds: list[float]) -> Callable[[bool], None]:
    """Call it with True to take the database away, with False to bring it back; a second passes with each."""
    wrapper: Any = connections["default"]
    original = wrapper.cursor

    def switch(down: bool) -> None:
        def cursor(*args: object, **kwargs: object) -> None:
            with wrapper.wrap_database_errors:
                raise wrapper.Database.OperationalError("server closed the connection unexpectedly")

        seconds[0] += 1
        monkeypatch.setattr(wrapper, "cursor", cursor if down else original)
        wrapper.errors_occurred = down

    return switch


def test_without_the_database_every_state_still_has_its_page_and_no_service_runs(
    front: Site, shown: Shown, database_down: Callable[[bool], None]
) -> None:
    database_down(False)
    cookies = [""]
    for decision in ("accept_all", "reject_all"):
        client = Client(headers={"Sec-Fetch-Site": "same-origin"})
        decide(client, decision, disclosure=shown.sha256)
        cookies.append(cookie_of(client))
    before = [front.get(HTTP_COOKIE=cookie) for cookie in cookies]
    database_down(True)
    away = [front.get(HTTP_COOKIE=cookie) for cookie in cookies]
    assert front.made == 3, "everybody's page was there"
    assert [answer.body for answer in away] == [before[0].body, before[0].body, before[2].body]
    assert all("hotjar" not in answer.headers["Content-Security-Policy"] for answer in away)
    # A state that nobody was in: Django makes it from the text it knows, and it is not stored.
    assert front.costs(HTTP_SEC_GPC="1") == 2
    answer = front.get(HTTP_SEC_GPC="1")
    assert "apņemas aizsargāt" in answer.body.decode()
    database_down(False)
    assert [front.get(HTTP_COOKIE=cookie).body for cookie in cookies] == [answer.body for answer in before]
    assert front.costs(HTTP_SEC_GPC="1") == 1


def test_a_page_that_had_to_do_without_the_database_is_not_stored(
    front: Site, database_down: Callable[[bool], None]
) -> None:
    database_down(False)
    front.get("/en/contacts/")
    stamp.current()
    connection.errors_occurred = True  # as the announcements leave it, which are done without
    assert front.costs("/") == 2
    connection.errors_occurred = False
    assert front.costs("/") == 1


def test_a_database_that_goes_away_between_look_and_page_stores_nothing(
    front: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ossnet_site.front.next_change", fail)
    assert front.costs("/") == 2


def fail(at: object) -> None:
    raise OperationalError("gone")


def version_of(answer: Answer) -> str:
    """The number in the line under the policy's heading."""
    return answer.body.decode().partition("</h1>")[2].partition(". versija")[0][-1]


def test_a_database_that_is_back_says_again_when_pages_change_by_themselves(
    front: Site, seconds: list[float], an_hour_before: time_machine.Traveller
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("ossnet_site.front.next_change", fail)
        front.get()
    seconds[0] += 1
    assert version_of(front.get()) == "1"
    assert front.costs() == 0
    an_hour_before.shift(timedelta(hours=1))
    seconds[0] += 1
    assert version_of(front.get()) == "2"


@pytest.mark.parametrize("is_moment_known", [True, False])
def test_a_moment_that_passes_while_the_database_is_away_takes_no_page_away(
    front: Site,
    seconds: list[float],
    an_hour_before: time_machine.Traveller,
    database_down: Callable[[bool], None],
    monkeypatch: pytest.MonkeyPatch,
    is_moment_known: bool,
) -> None:
    before = front.get(VERSIONS)
    front.get(POLICY)
    database_down(True)
    if not is_moment_known:
        monkeypatch.setattr("ossnet_site.front.next_change", fail)
    for hours in (1, 31 * 24):  # version 2 takes effect; it is announced no longer
        an_hour_before.shift(timedelta(hours=hours))
        seconds[0] += 1
        assert (front.get(VERSIONS).status, front.get(VERSIONS).body) == (200, before.body)
        assert version_of(front.get(POLICY)) == "2", "what needs no database is never outdated"
    database_down(False)
    assert front.get(VERSIONS).body != before.body


def test_a_page_that_only_another_state_has_seen_answers_everybody_and_runs_nothing(
    front: Site, shown: Shown, database_down: Callable[[bool], None]
) -> None:
    database_down(False)
    client = Client(headers={"Sec-Fetch-Site": "same-origin"})
    decide(client, "accept_all", disclosure=shown.sha256)
    granted = cookie_of(client)
    client = Client(headers={"Sec-Fetch-Site": "same-origin"})
    decide(client, "reject_all", disclosure=shown.sha256)
    refused = cookie_of(client)
    assert "hotjar" in front.get(VERSIONS, HTTP_COOKIE=granted).headers["Content-Security-Policy"]
    database_down(True)
    nobody = front.get(VERSIONS, HTTP_COOKIE=refused)
    assert nobody.status == 503, "a page in which services run is nobody else's"
    database_down(False)
    signals = front.get(VERSIONS, HTTP_SEC_GPC="1")
    asked = front.get(VERSIONS)
    database_down(True)
    assert front.get(VERSIONS, HTTP_COOKIE=refused).body == asked.body, "rather one that asks than one of a signal"
    assert front.get(VERSIONS, HTTP_COOKIE=f"{refused}; _ga=GA1.1.1.1").body == asked.body
    assert front.get(VERSIONS, HTTP_COOKIE=granted).body == asked.body
    assert front.get(VERSIONS, HTTP_SEC_GPC="1").body == signals.body
    assert front.get(VERSIONS, HTTP_COOKIE=refused, HTTP_HOST="localhost").status == 503, "its links name the host"
    assert front.get("/en/privacy-policy/versions/", HTTP_COOKIE=refused).status == 503
    database_down(False)
    assert front.get(VERSIONS, HTTP_COOKIE=refused).body not in {asked.body, signals.body}
