"""After a decision the page says what was saved, there where the visitor's attention is."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, expect

from tests.browser.conftest import VisitorWith
from tests.browser.test_accessibility import violations
from tests.browser.test_layout import SMALL_TARGETS, tab_through
from tests.browser.visitor import SAVED, WITHDRAWN, Visitor

FOCUSED = "document.activeElement.id"
SMALL = {"width": 320, "height": 568}
LARGE = {"width": 1280, "height": 640}
POLICY = "/privatuma-politika/"


def accept(visitor: Visitor, path: str) -> Locator:
    visitor.open(path)
    visitor.accept_all()
    return visitor.confirmation(SAVED)


def refuse(visitor: Visitor, path: str) -> Locator:
    visitor.open(path)
    visitor.reject_all()
    return visitor.confirmation(SAVED)


def withdraw(visitor: Visitor, path: str) -> Locator:
    accept(visitor, path)
    visitor.open(path)
    visitor.withdraw()
    return visitor.confirmation(WITHDRAWN)


Outcome = Callable[[Visitor, str], Locator]
OUTCOMES = [accept, refuse, withdraw]
CASES = [(accept, SMALL), (refuse, SMALL), (withdraw, SMALL), (refuse, LARGE)]


@pytest.mark.parametrize("button", ["Noraidīt visas", "Piekrist visām"])
@pytest.mark.parametrize("path", ["/", "/privatuma-politika/", "/nav-tadas-lapas/"])
def test_focus_moves_to_the_confirmation_which_is_in_view(visitor: Visitor, path: str, button: str) -> None:
    visitor.open(path)
    visitor.page.get_by_role("button", name=button).focus()
    with visitor.page.expect_event("load"):
        visitor.page.keyboard.press("Enter")
    expect(visitor.confirmation(SAVED)).to_be_focused()
    expect(visitor.confirmation(SAVED)).to_be_in_viewport()
    assert visitor.page.evaluate(FOCUSED) == "choice-saved"


def test_focus_moves_to_the_confirmation_after_saving_far_down_the_settings_page(visitor: Visitor) -> None:
    visitor.grant(["hotjar"])
    expect(visitor.confirmation(SAVED)).to_be_focused()
    expect(visitor.confirmation(SAVED)).to_be_in_viewport()


@pytest.mark.parametrize("path", ["/", "/sikdatnes/"])
def test_a_page_opened_normally_confirms_nothing(visitor: Visitor, path: str) -> None:
    visitor.open("/")
    visitor.accept_all()
    expect(visitor.confirmation(SAVED)).to_be_visible()
    visitor.open(path)
    expect(visitor.page.get_by_text(SAVED)).to_be_hidden()
    assert visitor.page.evaluate(FOCUSED) == ""


def test_an_undecided_visitor_is_not_told_that_something_was_saved(visitor: Visitor) -> None:
    visitor.open("/#choice-saved")
    expect(visitor.page.get_by_text(SAVED)).to_have_count(0)
    expect(visitor.banner).to_be_visible()


def test_the_settings_show_the_stored_choice(visitor: Visitor) -> None:
    visitor.grant(["facebook"])
    visitor.open("/sikdatnes/")
    ticked = [switch.is_checked() for switch in visitor.page.get_by_role("switch").all()]
    assert ticked == [False, True, False]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("outcome", OUTCOMES)
def test_on_a_small_phone_it_is_whole_and_leaves_two_thirds_of_the_screen(
    visitor_with: VisitorWith, outcome: Outcome, scheme: str
) -> None:
    visitor = visitor_with(viewport=SMALL, color_scheme=scheme)
    confirmation = outcome(visitor, "/")
    box = confirmation.bounding_box()
    assert box
    assert box["height"] <= SMALL["height"] / 3
    assert confirmation.evaluate("element => element.scrollHeight - element.clientHeight") <= 0
    for name in ("Mainīt izvēli", "Aizvērt"):
        expect(confirmation.get_by_role("link", name=name)).to_be_in_viewport(ratio=1)
    assert visitor.page.evaluate(SMALL_TARGETS) == []
    assert violations(visitor) == []


@pytest.mark.parametrize("outcome", [refuse, withdraw])
def test_which_cookies_were_deleted_is_one_press_away(visitor_with: VisitorWith, outcome: Outcome) -> None:
    visitor = visitor_with(viewport=SMALL)
    confirmation = outcome(visitor, "/")
    expect(confirmation.get_by_text("_ga_*")).to_be_hidden()
    confirmation.get_by_text("Kuras sīkdatnes ir izdzēstas").click()
    names = confirmation.get_by_text("_ga_*")
    names.scroll_into_view_if_needed()
    expect(names).to_be_in_viewport()
    assert violations(visitor) == []


@pytest.mark.parametrize(("outcome", "size"), CASES)
def test_the_end_of_the_page_can_be_reached_past_it(
    visitor_with: VisitorWith, outcome: Outcome, size: dict[str, int]
) -> None:
    visitor = visitor_with(viewport=size)
    over = outcome(visitor, "/kontakti/").bounding_box()
    visitor.page.evaluate("scrollTo(0, document.documentElement.scrollHeight)")
    last = visitor.page.get_by_role("contentinfo").locator("a, button").last.bounding_box()
    assert last
    assert over
    assert last["y"] + last["height"] <= over["y"]


@pytest.mark.parametrize(("outcome", "size"), CASES)
def test_what_has_the_focus_is_not_hidden_behind_it(
    visitor_with: VisitorWith, outcome: Outcome, size: dict[str, int]
) -> None:
    visitor = visitor_with(viewport=size)
    expect(outcome(visitor, POLICY)).to_be_focused()
    stops = tab_through(visitor)
    assert len(stops) > 20
    assert [stop for stop in stops if not (stop["seen"] and stop["outlined"])] == []


def test_it_is_not_on_paper_and_takes_no_room_there(visitor: Visitor) -> None:
    confirmation = refuse(visitor, POLICY)
    room = "getComputedStyle(document.body).paddingBlockEnd"
    assert visitor.page.evaluate(room) != "0px"
    visitor.page.emulate_media(media="print")
    expect(confirmation).to_be_hidden()
    assert visitor.page.evaluate(room) == "0px"
