"""The whole path of a visitor whose browser runs no script."""

import pytest
from playwright.sync_api import expect

from consent.models import ConsentRecord
from tests.browser.conftest import WWW, VisitorWith
from tests.browser.visitor import SAVED, WITHDRAWN, Visitor


@pytest.fixture
def visitor(visitor_with: VisitorWith) -> Visitor:
    return visitor_with(java_script_enabled=False)


def last_event() -> str:
    return ConsentRecord.objects.latest("decided_at").event


def test_refusing_granting_choosing_and_withdrawing_work_and_say_so(visitor: Visitor) -> None:
    visitor.open("/kontakti/")
    visitor.reject_all()
    assert visitor.path == "/kontakti/#choice-saved"
    expect(visitor.confirmation(SAVED)).to_be_visible()
    expect(visitor.banner).to_have_count(0)
    assert last_event() == "refused"

    visitor.confirmation(SAVED).get_by_role("link", name="Mainīt izvēli").click()
    visitor.page.wait_for_url("**/sikdatnes/")
    visitor.page.get_by_role("switch", name="Facebook sīkdatnes").check()
    visitor.press("Saglabāt izvēli")
    assert visitor.path == "/sikdatnes/#choice-saved"
    expect(visitor.confirmation(SAVED)).to_be_visible()
    expect(visitor.confirmation(SAVED)).to_contain_text("Facebook sīkdatnes: atļautas")
    expect(visitor.confirmation(SAVED)).to_contain_text("Hotjar sīkdatnes: noraidītas")
    assert last_event() == "partly_given"

    visitor.open("/privatuma-politika/")
    visitor.withdraw()
    assert visitor.path == "/privatuma-politika/#consent-withdrawn"
    expect(visitor.confirmation(WITHDRAWN)).to_be_visible()
    expect(visitor.confirmation(SAVED)).to_have_count(0)
    assert last_event() == "withdrawn"
    assert ConsentRecord.objects.count() == 3


@pytest.mark.parametrize("path", ["/", "/privatuma-politika/", "/nav-tadas-lapas/"])
def test_accepting_is_confirmed_on_the_page_where_the_visitor_was(visitor: Visitor, path: str) -> None:
    visitor.open(path)
    visitor.accept_all()
    assert visitor.path == f"{path}#choice-saved"
    expect(visitor.confirmation(SAVED)).to_be_visible()
    assert last_event() == "given"
    assert visitor.cookies == {"consent"}


def test_a_browser_that_sends_only_origin_is_believed(visitor_with: VisitorWith) -> None:
    visitor = visitor_with(host=WWW, java_script_enabled=False)
    visitor.open("/")
    with visitor.page.expect_request(lambda request: request.method == "POST") as posted:
        visitor.reject_all()
    headers = posted.value.all_headers()
    assert "sec-fetch-site" not in headers
    assert headers["origin"] == visitor.site
    expect(visitor.confirmation(SAVED)).to_be_visible()
