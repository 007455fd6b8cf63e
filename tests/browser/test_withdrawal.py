"""Withdrawing: one action on every page, and the next answer is already free of vendors."""

import pytest
from playwright.sync_api import expect

from consent.models import ConsentRecord
from tests.browser import vendors
from tests.browser.visitor import LATVIAN, PAGES, WITHDRAWN, Visitor


@pytest.mark.parametrize("path", LATVIAN)
def test_one_action_on_any_page_ends_every_request_and_removes_every_cookie(visitor_at_www: Visitor, path: str) -> None:
    visitor = visitor_at_www
    visitor.open("/")
    visitor.accept_all()
    visitor.open(path)
    left = {(cookie.get("name"), cookie.get("domain")) for cookie in visitor.context.cookies()}
    for names in vendors.COOKIES.values():
        assert {(name, "www.ossnet.test") for name in names["host"]} <= left
        assert {(name, ".ossnet.test") for name in names["parent"]} <= left
    visitor.requested.clear()
    visitor.withdraw()
    assert visitor.path == f"{path}#consent-withdrawn"
    expect(visitor.confirmation(WITHDRAWN)).to_be_visible()
    expect(visitor.confirmation(WITHDRAWN)).to_be_focused()
    assert [(cookie.get("name"), cookie.get("domain")) for cookie in visitor.context.cookies()] == [
        ("consent", "www.ossnet.test")
    ]
    for address in PAGES:
        visitor.open(address)
    assert visitor.requested == []
    assert visitor.cookies == {"consent"}
    assert ConsentRecord.objects.filter(event="withdrawn", control="withdrawal").count() == 1


def test_a_category_switched_off_takes_only_its_own_cookies_with_it(visitor_at_www: Visitor) -> None:
    visitor = visitor_at_www
    visitor.open("/")
    visitor.accept_all()
    visitor.grant(["analytics"])
    assert visitor.cookies == {"consent", "_ga", "_gid", "_ga_ABC123", "_gat_UA-1"}


def test_the_button_is_there_only_while_there_is_something_to_withdraw(visitor: Visitor) -> None:
    button = visitor.page.get_by_role("contentinfo").get_by_role("button", name="Atsaukt piekrišanu")
    visitor.open("/")
    expect(button).to_have_count(0)
    visitor.grant(["hotjar"])
    for path in LATVIAN:
        visitor.open(path)
        expect(button).to_be_visible()
    visitor.withdraw()
    expect(button).to_have_count(0)


def test_going_back_and_forward_after_withdrawing_asks_no_vendor(visitor: Visitor) -> None:
    visitor.open("/")
    visitor.accept_all()
    visitor.open("/kontakti/")
    visitor.open("/privatuma-politika/")
    visitor.withdraw()
    visitor.requested.clear()
    for _ in range(3):
        visitor.page.go_back()
        assert visitor.page.evaluate("typeof dataLayer") == "undefined"
    visitor.page.go_forward()
    assert visitor.page.evaluate("typeof dataLayer") == "undefined"
    assert visitor.requested == []
    assert visitor.cookies == {"consent"}


def test_a_second_tab_is_free_of_vendors_from_its_next_page_on(visitor: Visitor) -> None:
    visitor.open("/")
    visitor.accept_all()
    other_tab = visitor.context.new_page()
    other_tab.goto(f"{visitor.site}/kontakti/")
    assert other_tab.evaluate("typeof fbq") == "function"
    visitor.withdraw()
    visitor.requested.clear()
    other_tab.reload()
    assert other_tab.evaluate("typeof fbq") == "undefined"
    assert visitor.requested == []
