"""From what was pressed to a yes or no."""

import pytest

from consent.decisions import Decision, event, grants

OFFERED = ("analytics", "hotjar")


@pytest.mark.parametrize(
    ("decision", "ticked", "expected"),
    [
        (Decision.ACCEPT_ALL, (), {"analytics": True, "hotjar": True}),
        (Decision.REJECT_ALL, ("hotjar",), {"analytics": False, "hotjar": False}),
        (Decision.WITHDRAW, ("hotjar",), {"analytics": False, "hotjar": False}),
        (Decision.SAVE, ("hotjar",), {"analytics": False, "hotjar": True}),
        (Decision.SAVE, (), {"analytics": False, "hotjar": False}),
    ],
)
def test_every_offered_category_gets_a_yes_or_no(
    decision: Decision, ticked: tuple[str, ...], expected: dict[str, bool]
) -> None:
    assert grants(decision, ticked, OFFERED) == expected


@pytest.mark.parametrize(
    ("decided", "before", "expected"),
    [
        ({"analytics": True, "hotjar": True}, (), "given"),
        ({"analytics": True, "hotjar": False}, (), "partly_given"),
        ({"analytics": False, "hotjar": False}, (), "refused"),
        ({"analytics": False, "hotjar": False}, ("hotjar",), "withdrawn"),
        ({}, (), "refused"),
    ],
)
def test_the_event_says_what_happened(decided: dict[str, bool], before: tuple[str, ...], expected: str) -> None:
    assert event(decided, before) == expected
