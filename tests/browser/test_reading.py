"""Reading the policy: the length of its lines, its contents list, its links, and its look on paper."""

import pytest
from playwright.sync_api import Locator, expect

from privacy import current
from privacy.publishing import Publication, publish
from tests.browser.conftest import VisitorWith
from tests.browser.test_layout import FOCUS, SCHEMES, screen
from tests.browser.test_screenshots import fill_in_the_draft
from tests.browser.visitor import Visitor

POLICY = "/privatuma-politika/"
# The longest paragraph, cut where its lines end; the last line is not full.
CHARACTERS_A_LINE = """() => {
    const [paragraph] = [...document.querySelectorAll("article > p")]
        .sort((a, b) => b.textContent.length - a.textContent.length);
    const range = document.createRange(), node = paragraph.firstChild, lines = new Map();
    for (let at = 0; at < node.length; at++) {
        range.setStart(node, at);
        range.setEnd(node, at + 1);
        const line = Math.round(range.getBoundingClientRect().bottom);
        lines.set(line, (lines.get(line) || 0) + 1);
    }
    const full = [...lines.values()].slice(0, -1);
    return full.reduce((sum, length) => sum + length) / full.length;
}"""
BEHIND = "element => getComputedStyle(element, '::after').content"


def contents(visitor: Visitor) -> Locator:
    return visitor.page.get_by_role("navigation", name="Saturs")


@pytest.mark.parametrize("width", [768, 1280])
def test_a_line_holds_65_to_75_characters(visitor_with: VisitorWith, width: int) -> None:
    visitor = screen(visitor_with, width)
    visitor.open(POLICY)
    assert 65 <= visitor.page.evaluate(CHARACTERS_A_LINE) <= 75


@pytest.mark.parametrize("javascript", [True, False])
def test_on_a_wide_screen_the_contents_stay_beside_the_text(visitor_with: VisitorWith, javascript: bool) -> None:
    visitor = visitor_with(viewport={"width": 1280, "height": 640}, java_script_enabled=javascript)
    visitor.open(POLICY)
    link = contents(visitor).get_by_role("link", name="Kā ar mums sazināties")
    expect(link).to_be_visible()
    expect(contents(visitor).locator("summary")).to_be_hidden()
    link.click()
    expect(link).to_be_in_viewport(ratio=1)
    expect(visitor.page.get_by_role("heading", name="Kā ar mums sazināties")).to_be_in_viewport(ratio=1)


def test_the_section_being_read_is_marked(visitor_with: VisitorWith) -> None:
    visitor = screen(visitor_with, 1280)
    visitor.open(POLICY)
    marked = contents(visitor).locator("[aria-current=true]")
    expect(marked).to_have_count(0)
    for section in ("Kā mēs izmantojam sīkdatnes", "Kā mēs izmantojam Jūsu informāciju"):
        visitor.page.get_by_role("article").get_by_role("heading", name=section).evaluate(
            "heading => heading.scrollIntoView()"
        )
        expect(marked).to_have_text([section])
    visitor.page.evaluate("scrollTo(0, document.documentElement.scrollHeight)")
    expect(marked).to_have_text(["Kā ar mums sazināties"])
    visitor.page.evaluate("scrollTo(0, 0)")
    expect(marked).to_have_count(0)


def test_forced_colours_mark_the_section_being_read(visitor_with: VisitorWith) -> None:
    visitor = visitor_with(viewport={"width": 1280, "height": 640}, forced_colors="active")
    visitor.open(POLICY)
    visitor.page.evaluate("scrollTo(0, 900)")
    edge = "link => getComputedStyle(link).borderInlineStartColor"
    marked = contents(visitor).locator("[aria-current=true]")
    expect(marked).to_have_count(1)
    others = {link.evaluate(edge) for link in contents(visitor).locator("a:not([aria-current])").all()}
    assert others == {visitor.page.evaluate("getComputedStyle(document.body).backgroundColor")}, "no bar is seen"
    assert marked.evaluate(edge) not in others


def test_the_section_being_read_takes_no_more_room_than_before(visitor_with: VisitorWith) -> None:
    visitor = screen(visitor_with, 1280)
    visitor.open(POLICY)
    room = """links => links.map(link => {
        const before = link.scrollWidth + " " + getComputedStyle(link).fontWeight + " " + link.offsetHeight;
        link.setAttribute("aria-current", "true");
        const after = link.scrollWidth + " " + getComputedStyle(link).fontWeight + " " + link.offsetHeight;
        link.removeAttribute("aria-current");
        return [before, after];
    })"""
    found = contents(visitor).locator("a").evaluate_all(room)
    assert len(found) == 7
    assert all(before == after for before, after in found), found


@pytest.mark.parametrize("javascript", [True, False])
def test_on_a_phone_the_contents_unfold(visitor_with: VisitorWith, javascript: bool) -> None:
    visitor = visitor_with(viewport={"width": 320, "height": 568}, java_script_enabled=javascript)
    visitor.open(POLICY)
    links = contents(visitor).get_by_role("link")
    expect(links).to_have_count(0)
    contents(visitor).locator("summary").click()
    expect(links).to_have_count(7)


def test_a_long_contents_list_keeps_the_marked_section_in_sight(visitor_with: VisitorWith) -> None:
    publish(fill_in_the_draft(), Publication(None, is_material=False, summaries={"lv": "Jaunas sadaļas."}), by=None)
    current.forget()
    visitor = screen(visitor_with, 1280)
    visitor.open(POLICY)
    visitor.page.evaluate("scrollTo(0, document.documentElement.scrollHeight * 0.8)")
    expect(contents(visitor).locator("[aria-current=true]")).to_be_in_viewport(ratio=1)


@pytest.mark.parametrize("scheme", SCHEMES)
def test_a_heading_is_a_quiet_link_to_itself(visitor_with: VisitorWith, scheme: str) -> None:
    visitor = screen(visitor_with, 1280, scheme)
    visitor.open(POLICY)
    heading = visitor.page.get_by_role("article").get_by_role("heading", name="Kā mēs izmantojam sīkdatnes", exact=True)
    link = heading.get_by_role("link", name="Kā mēs izmantojam sīkdatnes", exact=True)
    colour = "element => getComputedStyle(element).color"
    assert link.evaluate(colour) == heading.evaluate(colour)
    assert link.evaluate(BEHIND) == "none"
    link.focus()
    assert "#" in link.evaluate(BEHIND)
    assert visitor.page.evaluate(FOCUS)["seen"]
    visitor.page.keyboard.press("Enter")
    assert visitor.path == f"{POLICY}#ka-mes-izmantojam-sikdatnes"


def test_links_that_leave_the_site_are_shown_so(visitor: Visitor) -> None:
    visitor.open(POLICY)
    article = visitor.page.get_by_role("article")
    assert "↗" in article.get_by_role("link", name="Chrome").evaluate(BEHIND)
    assert article.get_by_role("link", name="info@ossnet.lv").first.evaluate(BEHIND) == "none"


def test_on_paper_stand_the_text_its_version_and_the_addresses_of_its_links(visitor: Visitor) -> None:
    visitor.open(POLICY)
    visitor.page.emulate_media(media="print")
    expect(visitor.page.get_by_role("article")).to_be_visible()
    expect(visitor.page.get_by_role("heading", level=1)).to_be_visible()
    expect(visitor.page.locator(".print-footer")).to_contain_text("SIA OSS Networks. 1. versija, spēkā no")
    expect(visitor.page.locator(".print-footer")).to_contain_text(f"{visitor.site}{POLICY}versijas/1/")
    for gone in (visitor.banner, visitor.page.get_by_role("banner"), visitor.page.get_by_role("contentinfo"),
                 contents(visitor), visitor.page.get_by_role("link", name="Visas versijas")):  # fmt: skip
        expect(gone).to_be_hidden()
    after = visitor.page.get_by_role("article").get_by_role("link", name="Chrome").evaluate(BEHIND)
    assert "https://support.google.com/chrome/answer/95647?hl=lv" in after
