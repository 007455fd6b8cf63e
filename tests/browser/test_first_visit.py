"""Nothing before consent."""

import re

import pytest
from playwright.sync_api import expect

from consent.models import ConsentRecord
from tests.browser import vendors
from tests.browser.visitor import PAGES, Visitor

VENDOR_MARKUP = re.compile(
    r"googletagmanager|google-analytics|connect\.facebook|facebook\.com/tr|static\.hotjar|hotjar\.io|fbevents"
    r"|G-SAMPLE0001|1234567890|\b12345\b|data-id|preconnect|dns-prefetch|<noscript|<iframe"
    r"|<script(?! type=.application/ld.json| defer src=./static/js/"
    r"(?:site|clear-storage)[.\w]*js.)"
)
STORED = "() => [document.cookie, localStorage.length, sessionStorage.length]"


@pytest.mark.parametrize("path", PAGES)
def test_a_first_visit_asks_no_other_host_and_leaves_nothing_in_the_browser(visitor: Visitor, path: str) -> None:
    response = visitor.open(path)
    assert response.status == (404 if "tadas" in path or "such" in path else 200)
    assert not VENDOR_MARKUP.search(response.text())
    assert visitor.requested == []
    assert visitor.context.cookies() == []
    assert visitor.page.evaluate(STORED) == ["", 0, 0]
    assert visitor.page.evaluate("violations") == []


def test_the_interception_sees_every_vendor_once_all_is_accepted(visitor: Visitor) -> None:
    response = visitor.open("/")
    visitor.accept_all()
    assert sorted(visitor.requested) == sorted(vendors.LOADERS.values())
    assert VENDOR_MARKUP.search(visitor.open("/").text())
    assert visitor.page.evaluate(STORED) != ["", 0, 0]
    assert response.status == 200


def test_a_refusal_keeps_every_page_free_of_vendors_and_is_not_asked_again(visitor: Visitor) -> None:
    visitor.open("/")
    visitor.reject_all()
    expect(visitor.banner).to_have_count(0)
    visitor.page.reload()
    for path in PAGES:
        assert not VENDOR_MARKUP.search(visitor.open(path).text())
        expect(visitor.banner).to_have_count(0)
    assert visitor.requested == []
    assert visitor.cookies == {"consent"}
    assert visitor.page.evaluate(STORED) == ["", 0, 0]  # the consent cookie is not for scripts
    visitor.context.clear_cookies()
    visitor.open("/")
    expect(visitor.banner).to_be_visible()


def test_esc_scrolling_and_going_on_are_no_consent(visitor: Visitor) -> None:
    visitor.open("/")
    visitor.page.keyboard.press("Escape")
    expect(visitor.banner).to_be_visible()
    visitor.page.get_by_role("contentinfo").get_by_role("link", name="Privātuma politika").click()
    visitor.page.wait_for_url("**/privatuma-politika/")
    visitor.page.mouse.wheel(0, 5000)
    visitor.page.get_by_role("heading", level=1).click()
    visitor.page.keyboard.press("Escape")
    visitor.page.reload()
    expect(visitor.banner).to_be_visible()
    assert visitor.cookies == set()
    assert visitor.requested == []
    assert not ConsentRecord.objects.exists()


def test_looking_at_the_settings_decides_nothing_and_nothing_is_ticked(visitor: Visitor) -> None:
    visitor.open("/")
    visitor.page.get_by_role("link", name="Pielāgot").click()
    switches = visitor.page.get_by_role("switch")
    expect(switches).to_have_count(3)
    assert not any(switch.is_checked() for switch in switches.all())
    visitor.open("/")
    expect(visitor.banner).to_be_visible()
    assert visitor.cookies == set()
