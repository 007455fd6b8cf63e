"""What a visitor sees and reaches: equal buttons, room for fingers, no sideways scrolling, a visible focus."""

from collections import Counter
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


WATCH_SHIFTS = """
    window.shifts = new PerformanceObserver(list => {
        window.shifted = list.getEntries().filter(entry => !entry.hadRecentInput)
            .reduce((sum, entry) => sum + entry.value, window.shifted);
    });
    window.shifted = 0;
    window.shifts.observe({type: "layout-shift", buffered: true});
"""
# Two frames later whatever has been drawn has been reported.
SHIFTED = """() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(() =>
    done(window.shifted), 50))))"""


def screen(visitor_with: VisitorWith, width: int, scheme: str = "light", height: int = 640) -> Visitor:
    return visitor_with(viewport={"width": width, "height": height}, color_scheme=scheme)


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


@pytest.mark.parametrize("path", ["/", "/en/", "/en/privacy-policy/"])
def test_the_banner_takes_no_more_than_a_third_of_a_small_phone(visitor_with: VisitorWith, path: str) -> None:
    visitor = screen(visitor_with, 320, height=568)
    visitor.open(path)
    box = visitor.banner.bounding_box()
    assert box
    assert box["height"] <= 568 / 3
    assert box["y"] == 0


@pytest.mark.parametrize("width", [320, 1280])
def test_nothing_shifts_while_a_page_opens(visitor_with: VisitorWith, width: int) -> None:
    visitor = screen(visitor_with, width)
    visitor.context.add_init_script(WATCH_SHIFTS)
    shifted = {}
    for path in LATVIAN:
        visitor.open(path)
        visitor.page.mouse.wheel(0, 2000)
        shifted[path] = visitor.page.evaluate(SHIFTED)
    assert shifted == dict.fromkeys(shifted, 0)
    visitor.open("/")
    visitor.page.wait_for_function(
        "() => performance.getEntriesByType('paint').length > 0"
    )  # what shifts was seen before
    visitor.page.evaluate("document.querySelector('main').style.marginTop = '200px'")
    visitor.page.wait_for_function("() => window.shifted > 0")  # it would be seen


@pytest.mark.parametrize("path", LATVIAN)
def test_a_page_at_four_times_its_size_is_no_wider_than_the_screen(visitor_with: VisitorWith, path: str) -> None:
    visitor = screen(visitor_with, 320, height=256)  # what 400 % leaves of 1280 x 1024
    visitor.open(path)
    assert not visitor.page.evaluate(TOO_WIDE)
    assert [stop for stop in tab_through(visitor) if not (stop["seen"] and stop["outlined"])] == []


@pytest.mark.parametrize("width", [*WIDTHS, 721, 1023])
def test_a_cookie_table_fits_and_stays_a_table(visitor_with: VisitorWith, width: int) -> None:
    """Container queries are not for tables: Chromium 156 now and then draws none of what stands in the container."""
    visitor = screen(visitor_with, width)
    visitor.open("/sikdatnes/")
    table = visitor.page.get_by_role("table", name="Analītiskās sīkdatnes")
    expect(table.get_by_role("row", name="_ga_*").get_by_role("cell")).to_have_count(4)
    assert table.evaluate("table => table.scrollWidth <= table.parentElement.clientWidth")
    assert table.evaluate("table => getComputedStyle(table).display") == ("table" if width > 320 else "block")
    assert not visitor.page.locator("[tabindex='0']").count()
    told = visitor.context.new_cdp_session(visitor.page).send("Accessibility.getFullAXTree")["nodes"]
    roles = Counter(node["role"]["value"] for node in told if not node.get("ignored"))
    assert (roles["table"], roles["rowheader"], roles["cell"]) == (4, 20, 80), "a screen reader is told of a table"


def test_forced_colours_keep_edges_and_states(visitor_with: VisitorWith) -> None:
    visitor = visitor_with(forced_colors="active")
    visitor.open("/")
    reject, accept = banner_buttons(visitor)
    assert reject.evaluate(LOOKS) == accept.evaluate(LOOKS)
    edge = "element => [getComputedStyle(element).borderTopColor, getComputedStyle(document.body).backgroundColor]"
    assert len(set(reject.evaluate(edge))) == 2
    visitor.open("/sikdatnes/")
    switch = visitor.page.get_by_role("switch", name="Hotjar sīkdatnes")
    assert len(set(switch.evaluate(edge))) == 2
    knob = "element => getComputedStyle(element, '::before').marginInlineStart"
    off = switch.evaluate(knob)
    switch.check()
    assert switch.evaluate(knob) != off


@pytest.mark.parametrize("path", LATVIAN)
def test_nothing_moves_by_itself(visitor: Visitor, path: str) -> None:
    visitor.open(path)
    assert visitor.page.evaluate("document.getAnimations().length") == 0
    assert visitor.page.evaluate(
        "[...document.querySelectorAll('*')].every(e => getComputedStyle(e).transitionDuration === '0s')"
    )


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
        assert words[1:5] == ["Privātuma politika", "Noraidīt visas", "Piekrist visām", "Pielāgot"]


def test_the_skip_link_leads_to_the_content(visitor: Visitor) -> None:
    visitor.open("/privatuma-politika/")
    visitor.page.keyboard.press("Tab")
    visitor.page.keyboard.press("Enter")
    expect(visitor.page.get_by_role("main")).to_be_focused()
    visitor.page.keyboard.press("Tab")
    assert visitor.page.evaluate(FOCUS)["words"] not in {
        "Privātuma politika",
        "Noraidīt visas",
        "Piekrist visām",
        "Pielāgot",
    }


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
