"""What a visitor sees and reaches: equal buttons, room for fingers, no sideways scrolling, a visible focus."""

from typing import Any

import pytest
from playwright.sync_api import Locator, expect

from tests.browser.conftest import VisitorWith
from tests.browser.visitor import LATVIAN, PAGES, Visitor

WIDTHS = [320, 768, 1280]
SCHEMES = ["light", "dark"]

LOOKS = """element => {
    const style = getComputedStyle(element), box = element.getBoundingClientRect();
    const names = ["fontFamily", "fontSize", "fontWeight", "padding", "border", "borderRadius", "color",
        "backgroundColor", "opacity", "textDecorationLine", "textTransform", "boxShadow", "cursor", "outline"];
    return [box.width, box.height, ...names.map(name => style[name])];
}"""
CONTRAST = """element => {
    const channels = colour => colour.match(/[\\d.]+/g).slice(0, 3).map(Number);
    const light = colour => channels(colour).map(c => c / 255)
        .map(c => c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4)
        .reduce((sum, c, i) => sum + c * [0.2126, 0.7152, 0.0722][i], 0);
    const style = getComputedStyle(element), pair = [light(style.color), light(style.backgroundColor)];
    return (Math.max(...pair) + 0.05) / (Math.min(...pair) + 0.05);
}"""
# Links inside a sentence are exempt (WCAG 2.2, 2.5.8): their height is the line's.
SMALL_TARGETS = """() => [...document.querySelectorAll("a, button, input:not([type=hidden]), [tabindex='0']")]
    .filter(element => element.checkVisibility() && !element.matches(".skip-link, :is(ins, del) > a"))
    .filter(element => element.closest("label") || ![...element.parentElement.childNodes]
        .some(node => node.nodeType === Node.TEXT_NODE && node.data.trim()))
    .map(element => [element.textContent.trim(), element.getBoundingClientRect()])
    .filter(([, box]) => box.width < 24 || box.height < 24)
    .map(([words, box]) => `${words}: ${box.width} x ${box.height}`)"""
TOO_WIDE = "document.documentElement.scrollWidth > document.documentElement.clientWidth"
# Where the focus is, whether its outline shows, and whether the point in the middle of what is seen of it is its own.
FOCUS = """() => {
    const element = document.activeElement;
    if (element === document.body) return null;
    const box = element.getClientRects()[0];
    const top = Math.max(box.top, 0), bottom = Math.min(box.bottom, innerHeight);
    const left = Math.max(box.left, 0), right = Math.min(box.right, innerWidth);
    const hit = document.elementFromPoint((left + right) / 2, (top + bottom) / 2);
    return {
        words: (element.getAttribute("aria-label") || element.innerText || element.name || "").trim(),
        seen: bottom > top && right > left && element.contains(hit),
        outlined: parseFloat(getComputedStyle(element).outlineWidth) >= 2,
    };
}"""


def screen(visitor_with: VisitorWith, width: int, scheme: str = "light") -> Visitor:
    return visitor_with(viewport={"width": width, "height": 640}, color_scheme=scheme)


def banner_buttons(visitor: Visitor) -> list[Locator]:
    return [visitor.banner.get_by_role("button", name=name) for name in ("Noraidīt visas", "Piekrist visām")]


def tab_through(visitor: Visitor) -> list[dict[str, Any]]:
    """Everything that the Tab key reaches, in order, until focus leaves the page."""
    stops = []
    for _ in range(200):
        visitor.page.keyboard.press("Tab")
        stop = visitor.page.evaluate(FOCUS)
        if stop is None:
            return stops
        stops.append(stop)
    raise AssertionError(f"The Tab key never leaves the page: {stops[-3:]}")


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("width", [320, 1280])
def test_refusing_looks_exactly_like_accepting(visitor_with: VisitorWith, width: int, scheme: str) -> None:
    visitor = screen(visitor_with, width, scheme)
    visitor.open("/")
    reject, accept = banner_buttons(visitor)
    assert reject.evaluate(LOOKS) == accept.evaluate(LOOKS)
    for button in (reject, accept):
        assert button.evaluate(CONTRAST) >= 4.5
        expect(button).to_be_in_viewport(ratio=1)
    reject_box, accept_box = reject.bounding_box(), accept.bounding_box()
    assert reject_box
    assert accept_box
    assert reject_box["height"] >= 44
    assert reject_box["y"] == accept_box["y"]


def test_the_dark_theme_is_another_one(visitor_with: VisitorWith) -> None:
    looks = []
    for scheme in SCHEMES:
        visitor = screen(visitor_with, 1280, scheme)
        visitor.open("/")
        looks.append(visitor.page.evaluate("getComputedStyle(document.body).backgroundColor"))
    assert looks[0] != looks[1]


@pytest.mark.parametrize("state", ["undecided", "granted"])
@pytest.mark.parametrize("width", WIDTHS)
def test_nothing_is_too_small_to_hit_or_too_wide_to_see(visitor_with: VisitorWith, width: int, state: str) -> None:
    visitor = screen(visitor_with, width)
    if state == "granted":
        visitor.open("/")
        visitor.accept_all()
        assert not visitor.page.evaluate(TOO_WIDE)
    small = {}
    for path in PAGES:
        visitor.open(path)
        assert not visitor.page.evaluate(TOO_WIDE), path
        small[path] = visitor.page.evaluate(SMALL_TARGETS)
    assert small == {path: [] for path in PAGES}


@pytest.mark.parametrize("path", LATVIAN)
@pytest.mark.parametrize("width", WIDTHS)
def test_no_control_that_has_the_focus_is_hidden(visitor_with: VisitorWith, width: int, path: str) -> None:
    visitor = screen(visitor_with, width)
    visitor.open(path)
    stops = tab_through(visitor)
    assert [stop for stop in stops if not (stop["seen"] and stop["outlined"])] == []
    words = [stop["words"] for stop in stops]
    assert words[0] == "Pāriet uz saturu"
    assert words[-2:] == ["Privātuma politika", "Sīkdatņu iestatījumi"]
    if path != "/sikdatnes/":
        assert words[1:4] == ["Noraidīt visas", "Piekrist visām", "Pielāgot"]


def test_the_skip_link_leads_to_the_content(visitor: Visitor) -> None:
    visitor.open("/privatuma-politika/")
    visitor.page.keyboard.press("Tab")
    visitor.page.keyboard.press("Enter")
    expect(visitor.page.get_by_role("main")).to_be_focused()
    visitor.page.keyboard.press("Tab")
    assert visitor.page.evaluate(FOCUS)["words"] not in {"Noraidīt visas", "Piekrist visām", "Pielāgot"}


def test_the_settings_can_be_decided_with_the_keyboard_alone(visitor: Visitor) -> None:
    visitor.open("/sikdatnes/")
    for key, goal in (("Space", "Hotjar sīkdatnes"), ("Enter", "Saglabāt izvēli")):
        for _ in range(60):
            visitor.page.keyboard.press("Tab")
            if goal in visitor.page.evaluate(
                "(document.activeElement.closest('label') || document.activeElement).innerText"
            ):
                break
        visitor.page.keyboard.press(key)
    visitor.page.wait_for_url("**/sikdatnes/#choice-saved")
    ticked = [switch.is_checked() for switch in visitor.page.get_by_role("switch").all()]
    assert ticked == [False, False, True]
