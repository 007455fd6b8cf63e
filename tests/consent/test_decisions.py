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
    ("given", "refused", "before", "expected"),
    [
        (["analytics", "hotjar"], [], [], "given"),
        (["analytics"], ["hotjar"], [], "partly_given"),
        ([], ["analytics", "hotjar"], [], "refused"),
        ([], ["analytics", "hotjar"], ["hotjar"], "withdrawn"),
        (["analytics"], ["hotjar"], ["analytics", "hotjar"], "withdrawn"),
        (["analytics"], ["hotjar"], ["hotjar"], "partly_given"),
        (["analytics"], [], ["analytics"], "given"),
        ([], [], [], "refused"),
    ],
)
def test_the_event_says_what_happened(given: list[str], refused: list[str], before: list[str], expected: str) -> None:
    assert event(given, refused, before) == expected
