"""With JavaScript a decision keeps the place that is being read; when anything fails, the plain form goes."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from playwright.sync_api import Request, Route, expect

from consent.models import ConsentRecord
from tests.browser.conftest import VisitorWith
from tests.browser.test_layout import SHIFTED, WATCH_SHIFTS
from tests.browser.visitor import SAVED, WITHDRAWN, Visitor

POLICY = "/privatuma-politika/"
# Where on the screen the heading nearest to the top of the screen stands.
PLACE = """() => {
    const heading = [...document.querySelectorAll("article :is(h2, h3)")].find(h => h.getBoundingClientRect().top > 0);
    return [heading.textContent, Math.round(heading.getBoundingClientRect().top)];
}"""
# The bare function: a real press would first bring the banner into view.
PRESS = "words => [...document.querySelectorAll('button')].find(b => b.textContent === words).click()"


@contextmanager
def requests(visitor: Visitor) -> Iterator[list[str]]:
    """What is asked of the site while the block runs: method, how, and path."""
    asked: list[str] = []

    def note(request: Request) -> None:
        path = request.url.removeprefix(visitor.site)
        if request.resource_type in {"fetch", "document"} and not path.startswith("/static/"):
            asked.append(f"{request.method} {request.resource_type} {path.partition('#')[0]}")

    visitor.page.on("request", note)
    yield asked
    visitor.page.remove_listener("request", note)


def read_on(visitor: Visitor, path: str = POLICY) -> list[Any]:
    """Open a page and scroll down; the place that is then being read."""
    visitor.open(path)
    visitor.page.evaluate("scrollTo(0, 900)")
    visitor.page.wait_for_function("() => scrollY > 500")
    place: list[Any] = visitor.page.evaluate(PLACE)
    return place


def is_at(visitor: Visitor, place: list[Any]) -> bool:
    """Whether the same heading stands at the same height, but for a pixel that rounding takes."""
    heading, top = visitor.page.evaluate(PLACE)
    return bool(heading == place[0] and abs(top - place[1]) <= 1)


def decide(visitor: Visitor, words: str) -> None:
    with visitor.page.expect_event("load"):
        visitor.page.evaluate(PRESS, words)


@pytest.mark.parametrize("width", [320, 1280])
@pytest.mark.parametrize("words", ["Noraidīt visas", "Piekrist visām"])
def test_the_place_is_kept_and_the_confirmation_stands_over_it(
    visitor_with: VisitorWith, words: str, width: int
) -> None:
    visitor = visitor_with(viewport={"width": width, "height": 640})
    visitor.context.add_init_script(WATCH_SHIFTS)
    place = read_on(visitor)
    with requests(visitor) as asked:
        decide(visitor, words)
    assert asked == ["POST fetch /sikdatnes/", f"GET document {POLICY}"]
    expect(visitor.confirmation(SAVED)).to_be_focused()
    expect(visitor.confirmation(SAVED)).to_be_in_viewport(ratio=1)
    assert is_at(visitor, place)
    assert visitor.page.evaluate(SHIFTED) == 0
    visitor.page.evaluate("document.querySelector('main').style.marginTop = '2000px'")
    visitor.page.wait_for_function("() => window.shifted > 0")  # it would be seen


def test_closing_the_confirmation_keeps_the_place(visitor: Visitor) -> None:
    place = read_on(visitor)
    decide(visitor, "Noraidīt visas")
    visitor.confirmation(SAVED).get_by_role("link", name="Aizvērt").click()
    expect(visitor.page.get_by_text(SAVED)).to_be_hidden()
    assert is_at(visitor, place)


def test_withdrawing_in_the_footer_keeps_the_place(visitor: Visitor) -> None:
    visitor.open(POLICY)
    visitor.accept_all()
    visitor.open(POLICY)
    visitor.page.get_by_role("contentinfo").scroll_into_view_if_needed()
    visitor.page.evaluate("scrollBy(0, -600)")
    place = visitor.page.evaluate(PLACE)
    decide(visitor, "Atsaukt piekrišanu")
    expect(visitor.confirmation(WITHDRAWN)).to_be_focused()
    expect(visitor.confirmation(WITHDRAWN)).to_be_in_viewport()
    assert visitor.page.evaluate("scrollY") > 500
    assert is_at(visitor, place)
    assert visitor.path == f"{POLICY}#consent-withdrawn"


def test_a_reload_afterwards_stays_where_the_visitor_is(visitor: Visitor) -> None:
    read_on(visitor)
    decide(visitor, "Noraidīt visas")
    visitor.page.evaluate("scrollTo(0, 2000)")
    visitor.page.wait_for_timeout(300)  # milliseconds, in which the browser notes it
    visitor.page.reload()
    assert visitor.page.evaluate("scrollY") == 2000


def test_going_back_leads_to_the_page_before_and_forward_to_the_place(visitor: Visitor) -> None:
    visitor.open("/kontakti/")
    place = read_on(visitor)
    decide(visitor, "Noraidīt visas")
    assert is_at(visitor, place)
    visitor.page.go_back()
    visitor.page.wait_for_url("**/kontakti/")
    visitor.page.go_forward()
    visitor.page.wait_for_url(f"**{POLICY}#choice-saved")
    assert visitor.page.evaluate("scrollY") > 500


def test_while_it_is_being_sent_the_button_shows_it(visitor: Visitor) -> None:
    visitor.open("/kontakti/")
    button = visitor.page.get_by_role("button", name="Noraidīt visas")
    line = "button => getComputedStyle(button).textDecorationLine"
    assert button.evaluate(line) == "none"
    before = button.bounding_box()
    answered: list[Route] = []
    visitor.context.route(
        f"{visitor.site}/sikdatnes/",
        lambda route: answered.append(route) if route.request.resource_type == "fetch" else route.fallback(),
    )
    button.click(no_wait_after=True)
    expect(button).to_have_attribute("aria-busy", "true")
    assert button.evaluate(line) == "underline"
    assert button.bounding_box() == before
    with visitor.page.expect_event("load"):
        answered[0].continue_()
    expect(visitor.confirmation(SAVED)).to_be_focused()


def test_unsaved_switches_do_not_survive_a_withdrawal_on_the_settings_page(visitor: Visitor) -> None:
    visitor.grant(["analytics"])
    visitor.open("/sikdatnes/")
    visitor.page.get_by_role("switch", name="Hotjar sīkdatnes").check()
    assert visitor.page.locator("form[autocomplete=off]").get_by_role("switch").count() == 3
    decide(visitor, "Atsaukt piekrišanu")
    assert [switch.is_checked() for switch in visitor.page.get_by_role("switch").all()] == [False] * 3


def test_a_comparison_keeps_what_it_is_compared_with(visitor: Visitor) -> None:
    visitor.open(f"{POLICY}versijas/1/izmainas/?with=1")
    visitor.reject_all()
    assert visitor.path == f"{POLICY}versijas/1/izmainas/?with=1#choice-saved"


@pytest.mark.parametrize("width", [320, 1280])
@pytest.mark.parametrize("path", ["/", POLICY, "/sikdatnes/"])
def test_nothing_shifts_without_the_script_either(visitor_with: VisitorWith, path: str, width: int) -> None:
    visitor = visitor_with(viewport={"width": width, "height": 640})
    visitor.context.route("**/js/site*.js", lambda route: route.abort())
    visitor.context.add_init_script(WATCH_SHIFTS)
    visitor.open(path)
    with requests(visitor) as asked:
        visitor.press("Saglabāt izvēli" if path == "/sikdatnes/" else "Noraidīt visas")
    assert asked == ["POST document /sikdatnes/", f"GET document {path}"]
    expect(visitor.confirmation(SAVED)).to_be_focused()
    assert visitor.page.evaluate(SHIFTED) == 0


def test_pressing_twice_sends_once(visitor: Visitor) -> None:
    visitor.open("/")
    with requests(visitor) as asked, visitor.page.expect_event("load"):
        visitor.page.get_by_role("button", name="Piekrist visām").dblclick(no_wait_after=True)
    expect(visitor.confirmation(SAVED)).to_be_visible()
    assert [line for line in asked if line.startswith("POST")] == ["POST fetch /sikdatnes/"]
    assert ConsentRecord.objects.count() == 1


def no_connection(route: Route) -> None:
    route.abort()


def fault(route: Route) -> None:
    route.fulfill(status=500, body="")


def too_many(route: Route) -> None:
    route.fulfill(status=429, body="")


def other_page(route: Route) -> None:
    route.fulfill(status=200, body="somebody else's page")


def silence(route: Route) -> None:
    """No answer at all."""


def lost_answer(route: Route) -> None:
    """The decision is recorded, and its answer never arrives."""
    route.fetch(max_redirects=0)
    route.abort()


@pytest.mark.parametrize("failure", [no_connection, fault, too_many, other_page, silence, lost_answer])
def test_when_anything_fails_the_plain_form_goes(visitor: Visitor, failure: Callable[[Route], None]) -> None:
    visitor.context.route(
        f"{visitor.site}/sikdatnes/",
        lambda route: failure(route) if route.request.resource_type == "fetch" else route.fallback(),
    )
    visitor.open("/kontakti/")
    with requests(visitor) as asked:
        visitor.reject_all()
    assert asked == ["POST fetch /sikdatnes/", "POST document /sikdatnes/", "GET document /kontakti/"]
    assert visitor.path == "/kontakti/#choice-saved"
    expect(visitor.confirmation(SAVED)).to_be_focused()
    record = ConsentRecord.objects.get()
    assert (record.event, record.control) == ("refused", "banner_reject")


def test_words_that_changed_are_shown_as_the_page_they_are(visitor: Visitor) -> None:
    visitor.open("/kontakti/")
    visitor.page.evaluate("document.querySelector('[name=disclosure]').value = '0'.repeat(64)")
    visitor.accept_all()
    expect(visitor.page.get_by_role("alert")).to_contain_text("mainījies")
    assert visitor.path == "/sikdatnes/"
    assert not ConsentRecord.objects.exists()
    # That page answers a POST: reloading it would send the form again, so that it does without the script.
    with requests(visitor) as asked:
        visitor.press("Saglabāt izvēli")
    assert asked == ["POST document /sikdatnes/", "GET document /kontakti/"]
    assert ConsentRecord.objects.count() == 1


def test_before_the_decision_the_script_touches_no_storage(visitor: Visitor) -> None:
    visitor.open("/")
    visitor.reject_all()
    assert visitor.cookies == {"consent"}
    assert visitor.page.evaluate("[localStorage.length, sessionStorage.length, history.state]") == [0, 0, None]
    assert visitor.page.evaluate("window.violations") == []
