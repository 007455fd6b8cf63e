"""What happens to a page that was open when the visitor decided, to what services left in storages, and the signal."""

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from consent.services import ALL_SERVICES
from tests.browser.conftest import VisitorWith
from tests.browser.test_accessibility import violations
from tests.browser.test_layout import SMALL_TARGETS, TOO_WIDE
from tests.browser.test_leftovers import go_back
from tests.browser.visitor import Visitor

LEFT = {"_hjUserAttributes": "x", "hjViewportId": "x", "hjActiveViewportIds": "x", "_ga_x": "x", "ours": "x"}
FILL = "left => { for (const storage of [localStorage, sessionStorage]) for (const key in left) storage[key] = 'x'; }"
KEYS = "() => [...Object.keys(localStorage), ...Object.keys(sessionStorage)].sort()"


def test_going_back_to_the_question_after_the_answer_shows_the_answer(visitor_with_kept_pages: Visitor) -> None:
    visitor = visitor_with_kept_pages
    visitor.open("/kontakti/")
    visitor.page.evaluate("window.kept = true")
    visitor.open("/")
    visitor.reject_all()
    visitor.open("/privatuma-politika/")
    for path in ("/#choice-saved", "/kontakti/"):
        go_back(visitor)
        expect(visitor.page).to_have_url(visitor.site + path)
    expect(visitor.banner).to_have_count(0)
    visitor.page.wait_for_function("() => window.kept === undefined")  # the page was asked for anew


def test_going_back_in_the_same_state_takes_the_kept_page(visitor_with_kept_pages: Visitor) -> None:
    visitor = visitor_with_kept_pages
    visitor.open("/")
    visitor.reject_all()
    visitor.open("/kontakti/")
    visitor.page.evaluate("window.kept = true")
    visitor.open("/privatuma-politika/")
    go_back(visitor)
    visitor.page.wait_for_timeout(500)  # milliseconds, in which a wrong reload would have come
    assert visitor.page.evaluate("window.kept") is True


@pytest.fixture
def without_clear_site_data(visitor: Visitor) -> Visitor:
    """Browsers heed Clear-Site-Data only over HTTPS and on localhost: here the script must do without it."""

    def answer(route: object) -> None:
        response = route.fetch(max_redirects=0)  # type: ignore[attr-defined]
        headers = {name: value for name, value in response.headers.items() if name != "clear-site-data"}
        route.fulfill(response=response, headers=headers)  # type: ignore[attr-defined]

    visitor.context.route(f"{visitor.site}/sikdatnes/", answer)
    return visitor


def test_storage_keys_of_ended_services_are_removed_and_no_others(without_clear_site_data: Visitor) -> None:
    visitor = without_clear_site_data
    visitor.open("/")
    visitor.accept_all()
    visitor.page.evaluate(FILL, LEFT)
    visitor.grant(["analytics"])
    kept = visitor.page.evaluate(KEYS)
    assert [key for key in kept if key in LEFT] == ["_ga_x", "_ga_x", "ours", "ours"]
    visitor.page.evaluate(FILL, LEFT)
    visitor.withdraw()
    assert [key for key in visitor.page.evaluate(KEYS) if key in LEFT] == ["ours", "ours"]


def test_on_any_other_page_the_storages_are_not_touched(visitor: Visitor) -> None:
    visitor.open("/")
    visitor.reject_all()
    visitor.page.evaluate(FILL, LEFT)
    visitor.open("/kontakti/")
    assert len(visitor.page.evaluate(KEYS)) == 2 * len(LEFT)


def test_every_service_says_what_it_leaves_in_storages() -> None:
    assert all(service.storage for service in ALL_SERVICES)


def test_a_grant_takes_effect_in_another_tab_with_its_next_page_and_never_before(visitor: Visitor) -> None:
    visitor.open("/kontakti/")
    other = visitor.context.new_page()
    other.goto(f"{visitor.site}/")
    with other.expect_event("load"):
        other.get_by_role("button", name="Piekrist visām").first.click()
    visitor.requested.clear()
    visitor.page.wait_for_timeout(300)  # milliseconds
    visitor.page.evaluate("fetch('/healthz/live')")
    assert visitor.page.evaluate("typeof fbq") == "undefined"
    assert visitor.requested == []
    visitor.open("/kontakti/")
    assert visitor.page.evaluate("typeof fbq") == "function"


def test_with_the_signal_nothing_is_asked_and_nothing_runs(visitor_with: VisitorWith) -> None:
    visitor = visitor_with(extra_http_headers={"Sec-GPC": "1"})
    visitor.open("/")
    expect(visitor.banner).to_have_count(0)
    expect(visitor.page.get_by_role("complementary")).to_contain_text("Global Privacy Control")
    assert violations(visitor) == []
    assert visitor.requested == []
    assert visitor.cookies == set()
    visitor.grant(["hotjar"])
    assert any("hotjar" in address for address in visitor.requested)


def receipt(visitor: Visitor) -> None:
    visitor.open("/sikdatnes/apliecinajums/")


def words_of_then(visitor: Visitor) -> None:
    receipt(visitor)
    visitor.page.get_by_role("link", name="Skatīt, ko jūs toreiz redzējāt").first.click()
    expect(visitor.page.get_by_role("heading", level=1)).to_have_text("Kas tika parādīts")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [320, 1280])
@pytest.mark.parametrize("page", [receipt, words_of_then])
def test_the_receipt_is_accessible_and_fits(
    visitor_with: VisitorWith, page: Callable[[Visitor], None], width: int, scheme: str
) -> None:
    visitor = visitor_with(viewport={"width": width, "height": 640}, color_scheme=scheme)
    receipt(visitor)
    assert violations(visitor) == []
    visitor.open("/")
    visitor.accept_all()
    visitor.withdraw()
    page(visitor)
    assert violations(visitor) == []
    assert visitor.page.evaluate(TOO_WIDE) is False
    assert visitor.page.evaluate(SMALL_TARGETS) == []
