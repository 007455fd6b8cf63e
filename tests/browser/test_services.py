"""Each category on its own: what a grant starts, and with which settings."""

from itertools import product

import pytest

from tests.browser import vendors
from tests.browser.visitor import CATEGORY_NAMES, Visitor

EVERY_CHOICE = [
    tuple(category for category, granted in zip(CATEGORY_NAMES, grants, strict=True) if granted)
    for grants in product([False, True], repeat=3)
]


@pytest.mark.parametrize("granted", EVERY_CHOICE, ids=lambda granted: "+".join(granted) or "nothing")
def test_exactly_the_granted_services_are_asked_for(visitor: Visitor, granted: tuple[str, ...]) -> None:
    visitor.grant(granted)
    expected = [vendors.LOADERS[category] for category in granted]
    assert sorted(visitor.requested) == sorted(expected)
    for path in ("/", "/en/privacy-policy/", "/nav-tadas-lapas/"):
        visitor.requested.clear()
        visitor.open(path)
        assert sorted(visitor.requested) == sorted(expected)
        assert visitor.page.evaluate("[...(window.started || [])].sort()") == sorted(granted)
        assert visitor.page.evaluate("violations") == []


def test_google_analytics_starts_with_everything_denied_but_statistics(visitor: Visitor) -> None:
    visitor.grant(["analytics"])
    commands = visitor.page.evaluate("dataLayer.map(command => [...command])")
    assert [command for command in commands if command[0] != "js"] == [
        [
            "consent",
            "default",
            {
                "ad_storage": "denied",
                "ad_user_data": "denied",
                "ad_personalization": "denied",
                "analytics_storage": "denied",
            },
        ],
        ["consent", "update", {"analytics_storage": "granted"}],
        [
            "config",
            "G-SAMPLE0001",
            {
                "cookie_expires": 182 * 24 * 60 * 60,
                "cookie_update": False,
                "allow_google_signals": False,
                "allow_ad_personalization_signals": False,
            },
        ],
    ]
    assert visitor.page.evaluate("dataLayer.every(command => !Array.isArray(command))")  # gtag.js reads Arguments only


def test_advertising_stays_denied_to_google_when_all_is_accepted(visitor: Visitor) -> None:
    visitor.open("/")
    visitor.accept_all()
    updates = visitor.page.evaluate(
        "dataLayer.map(command => [...command]).filter(command => command[1] === 'update').map(command => command[2])"
    )
    assert updates == [{"analytics_storage": "granted"}]


def test_the_meta_pixel_is_started_with_its_id_once(visitor: Visitor) -> None:
    visitor.grant(["facebook"])
    queue = visitor.page.evaluate("fbq.queue.map(command => [...command])")
    assert queue == [["init", "1234567890"], ["track", "PageView"]]
    assert visitor.page.evaluate("[typeof dataLayer, typeof hj]") == ["undefined", "undefined"]


def test_hotjar_is_started_with_its_id(visitor: Visitor) -> None:
    visitor.grant(["hotjar"])
    assert visitor.page.evaluate("_hjSettings") == {"hjid": 12345, "hjsv": 6}
    assert visitor.page.evaluate("[typeof hj, typeof dataLayer, typeof fbq]") == ["function", "undefined", "undefined"]


def test_an_english_visitor_has_the_same_choice(visitor: Visitor) -> None:
    visitor.open("/en/contacts/")
    visitor.press("Reject all")
    assert visitor.path == "/en/contacts/#choice-saved"
    assert visitor.requested == []
    visitor.open("/en/cookies/")
    visitor.page.get_by_role("switch", name="Hotjar cookies").check()
    visitor.press("Save choice")
    assert visitor.path == "/en/cookies/#choice-saved"
    assert visitor.requested == [vendors.HOTJAR]
