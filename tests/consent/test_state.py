"""The one rule from facts to state."""

import uuid
from datetime import UTC, datetime, timedelta

import pytest
from pytest_django import Settings

from consent.services import CATEGORIES
from consent.state import Answer, Consent, State, StoredChoice, state_of

DECIDED = datetime(2026, 1, 1, tzinfo=UTC)
DAY = timedelta(days=1)


SCOPE = "0a1b2c3d"


def answer(granted: bool, scope: str = SCOPE, despite_gpc: bool = False) -> Answer:
    return Answer(granted, DECIDED, scope, despite_gpc)


def choice(despite_gpc: bool = False, **grants: bool) -> StoredChoice:
    answers = {category: answer(granted, SCOPE, despite_gpc) for category, granted in grants.items()}
    return StoredChoice(uuid.UUID(int=1), uuid.UUID(int=2), answers)


def consent(stored: StoredChoice | None, now: datetime = DECIDED + DAY, *, gpc: bool = False) -> Consent:
    return Consent(stored, now, gpc, lambda: dict.fromkeys(CATEGORIES, SCOPE))


@pytest.mark.parametrize(
    ("given", "now", "expected"),
    [
        (None, DECIDED, State.UNDECIDED),
        (answer(granted=True), DECIDED, State.GRANTED),
        (answer(granted=True), DECIDED - DAY, State.GRANTED),
        (answer(granted=True), DECIDED + 181 * DAY, State.GRANTED),
        (answer(granted=True), DECIDED + 182 * DAY, State.EXPIRED),
        (answer(granted=True), DECIDED + 183 * DAY, State.EXPIRED),
        (answer(granted=False), DECIDED + 181 * DAY, State.REFUSED),
        (answer(granted=False), DECIDED + 183 * DAY, State.EXPIRED),
    ],
)
def test_a_decision_holds_for_182_days(given: Answer | None, now: datetime, expected: State) -> None:
    assert state_of(given, now, SCOPE) is expected


def test_a_grant_lapses_with_what_it_was_given_for_and_a_refusal_stays() -> None:
    assert state_of(answer(granted=True), DECIDED, "other") is State.EXPIRED
    assert state_of(answer(granted=False), DECIDED, "other") is State.REFUSED


def test_while_nobody_knows_what_a_grant_covers_nothing_runs_and_nothing_is_forgotten() -> None:
    assert state_of(answer(granted=True), DECIDED, None) is State.UNDECIDED
    assert state_of(answer(granted=False), DECIDED, None) is State.REFUSED
    unknown = Consent(choice(analytics=True, facebook=False), DECIDED + DAY, scopes=dict)
    assert unknown.granted == ()
    assert [service.slug for service in unknown.ended_services] == ["meta-pixel"]


def test_the_signal_is_a_refusal_of_everything_without_a_question() -> None:
    for stored in (None, choice(analytics=True), choice(analytics=False, facebook=True, hotjar=False)):
        signalled = consent(stored, gpc=True)
        assert signalled.refused == CATEGORIES
        assert signalled.by_signal == CATEGORIES
        assert not signalled.must_ask
        assert not signalled.decided


def test_a_decision_made_despite_the_signal_counts_for_more_until_it_lapses() -> None:
    stored = choice(despite_gpc=True, analytics=True, facebook=False, hotjar=False)
    assert consent(stored, gpc=True).granted == ("analytics",)
    assert consent(stored, gpc=True).decided
    lapsed = consent(stored, DECIDED + 183 * DAY, gpc=True)
    assert lapsed.granted == ()
    assert lapsed.by_signal == CATEGORIES
    assert not lapsed.must_ask


def test_a_visitor_who_decided_everything_is_not_asked_again() -> None:
    visitor = consent(choice(analytics=True, facebook=False, hotjar=False))
    assert visitor.granted == ("analytics",)
    assert visitor.refused == ("facebook", "hotjar")
    assert [service.slug for service in visitor.services] == ["google-analytics"]
    assert not visitor.must_ask
    assert visitor.decided


def test_a_category_that_is_offered_later_is_asked_for_without_touching_the_others() -> None:
    visitor = consent(choice(analytics=True, facebook=False))
    assert visitor.must_ask
    assert visitor.granted == ("analytics",)


def test_a_grant_for_a_service_that_is_no_longer_offered_runs_nothing(settings: Settings) -> None:
    settings.GOOGLE_ANALYTICS_ID = ""
    visitor = consent(choice(analytics=True, facebook=False, hotjar=False))
    assert visitor.granted == ()
    assert visitor.services == ()


def test_where_nothing_is_offered_nothing_is_asked(settings: Settings) -> None:
    settings.GOOGLE_ANALYTICS_ID = settings.FACEBOOK_PIXEL_ID = settings.HOTJAR_SITE_ID = ""
    assert not Consent().must_ask
    assert not Consent().decided
