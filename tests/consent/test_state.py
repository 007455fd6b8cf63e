"""The one rule from facts to state."""

import uuid
from datetime import UTC, datetime, timedelta

import pytest
from pytest_django import Settings

from consent.state import Consent, State, StoredChoice, state_of

DECIDED = datetime(2026, 1, 1, tzinfo=UTC)
DAY = timedelta(days=1)


def choice(**grants: bool) -> StoredChoice:
    return StoredChoice(uuid.UUID(int=1), uuid.UUID(int=2), DECIDED, grants)


@pytest.mark.parametrize(
    ("stored", "now", "expected"),
    [
        (None, DECIDED, State.UNDECIDED),
        (choice(hotjar=True), DECIDED, State.UNDECIDED),
        (choice(analytics=True), DECIDED, State.GRANTED),
        (choice(analytics=True), DECIDED - DAY, State.GRANTED),
        (choice(analytics=True), DECIDED + 181 * DAY, State.GRANTED),
        (choice(analytics=True), DECIDED + 182 * DAY, State.EXPIRED),
        (choice(analytics=True), DECIDED + 183 * DAY, State.EXPIRED),
        (choice(analytics=False), DECIDED + 181 * DAY, State.REFUSED),
        (choice(analytics=False), DECIDED + 183 * DAY, State.EXPIRED),
    ],
)
def test_a_decision_holds_for_182_days(stored: StoredChoice | None, now: datetime, expected: State) -> None:
    assert state_of("analytics", stored, now) is expected


def test_a_visitor_who_decided_everything_is_not_asked_again() -> None:
    consent = Consent(choice(analytics=True, facebook=False, hotjar=False), DECIDED + DAY)
    assert consent.granted == ("analytics",)
    assert consent.refused == ("facebook", "hotjar")
    assert [service.slug for service in consent.services] == ["google-analytics"]
    assert not consent.must_ask
    assert consent.decided


def test_a_category_that_is_offered_later_is_asked_for_without_touching_the_others() -> None:
    consent = Consent(choice(analytics=True, facebook=False), DECIDED + DAY)
    assert consent.must_ask
    assert consent.granted == ("analytics",)


def test_a_grant_for_a_service_that_is_no_longer_offered_runs_nothing(settings: Settings) -> None:
    settings.GOOGLE_ANALYTICS_ID = ""
    consent = Consent(choice(analytics=True, facebook=False, hotjar=False), DECIDED + DAY)
    assert consent.granted == ()
    assert consent.services == ()


def test_where_nothing_is_offered_nothing_is_asked(settings: Settings) -> None:
    settings.GOOGLE_ANALYTICS_ID = settings.FACEBOOK_PIXEL_ID = settings.HOTJAR_SITE_ID = ""
    assert not Consent().must_ask
    assert not Consent().decided
