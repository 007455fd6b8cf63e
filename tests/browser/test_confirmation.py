"""After a decision the page says what was saved, there where the visitor's attention is."""

import pytest
from playwright.sync_api import expect

from tests.browser.visitor import SAVED, Visitor

FOCUSED = "document.activeElement.id"


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
