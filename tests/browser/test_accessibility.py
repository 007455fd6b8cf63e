"""axe finds nothing on any page, in any state, in either theme."""

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from tests.browser.conftest import VisitorWith
from tests.browser.visitor import LATVIAN, PAGES, Visitor

OPTIONS = {"resultTypes": ["violations"]}


def violations(visitor: Visitor) -> list[str]:
    """Each violation with the elements it was found on."""
    found = Axe().run(visitor.page, options=OPTIONS).response["violations"]
    return [f"{rule['id']}: {[node['html'][:120] for node in rule['nodes']]}" for rule in found]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("state", ["undecided", "granted", "refused"])
def test_axe_finds_nothing(visitor_with: VisitorWith, state: str, scheme: str) -> None:
    visitor = visitor_with(color_scheme=scheme)
    found = {}
    if state != "undecided":
        visitor.open("/")
        visitor.accept_all() if state == "granted" else visitor.reject_all()
        found["saved"] = violations(visitor)
    # The same templates in English: looking at them once is enough.
    for path in PAGES if (state, scheme) == ("undecided", "light") else LATVIAN:
        visitor.open(path)
        found[path] = violations(visitor)
    if state == "granted":
        visitor.open("/")
        visitor.withdraw()
        found["withdrawn"] = violations(visitor)
    assert {page: rules for page, rules in found.items() if rules} == {}


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("path", ["/", "/sikdatnes/", "/privatuma-politika/"])
def test_axe_finds_nothing_on_a_narrow_screen(visitor_with: VisitorWith, path: str, scheme: str) -> None:
    visitor = visitor_with(viewport={"width": 320, "height": 640}, color_scheme=scheme)
    visitor.open(path)
    for summary in visitor.page.locator("summary").all():
        summary.click()
    assert violations(visitor) == []


@pytest.mark.parametrize("path", ["/", "/sikdatnes/", "/privatuma-politika/"])
def test_axe_finds_nothing_in_forced_colours(visitor_with: VisitorWith, path: str) -> None:
    visitor = visitor_with(forced_colors="active")
    visitor.open(path)
    assert violations(visitor) == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_on_versions_receipts_and_what_was_shown(visitor_with: VisitorWith, scheme: str) -> None:
    visitor = visitor_with(color_scheme=scheme)
    visitor.open("/")
    visitor.reject_all()
    visitor.open("/sikdatnes/apliecinajums/")
    found = violations(visitor)
    visitor.page.get_by_role("link", name="Skatīt, ko jūs toreiz redzējāt").click()
    visitor.page.wait_for_url("**/apliecinajums/*/")
    found += violations(visitor)
    for page in ("versijas/", "versijas/1/", "versijas/1/izmainas/"):
        visitor.open(f"/privatuma-politika/{page}")
        found += violations(visitor)
    assert found == []


@pytest.mark.parametrize(("width", "scheme"), [(320, "dark"), (1280, "light")])
def test_axe_finds_nothing_in_rarer_states(visitor_with: VisitorWith, width: int, scheme: str) -> None:
    """Some allowed and some not, words that changed meanwhile, and a browser that asks not to be tracked."""
    screen = {"viewport": {"width": width, "height": 640}, "color_scheme": scheme}
    visitor = visitor_with(**screen)
    visitor.open("/kontakti/")
    visitor.page.evaluate("document.querySelector('[name=disclosure]').value = '0'.repeat(64)")
    visitor.accept_all()
    expect(visitor.page.get_by_role("alert")).to_be_visible()
    found = {"words changed": violations(visitor)}
    visitor.grant(["facebook"])
    found["mixed"] = violations(visitor)
    visitor.open("/sikdatnes/")
    found["mixed settings"] = violations(visitor)
    careful = visitor_with(extra_http_headers={"Sec-GPC": "1"}, **screen)
    for path in ("/", "/sikdatnes/"):
        careful.open(path)
        expect(careful.page.get_by_text("Global Privacy Control").first).to_be_visible()
        found[f"signal {path}"] = violations(careful)
    assert {state: rules for state, rules in found.items() if rules} == {}


def test_axe_would_find_something(visitor: Visitor) -> None:
    visitor.open("/")
    visitor.page.evaluate(
        "document.querySelector('h1').append(Object.assign(new Image(), {src: '/static/favicon.svg'}))"
    )
    assert any(rule.startswith("image-alt") for rule in violations(visitor))
