"""The browser as guard: what it refuses beyond the hosts, and that it tells us."""

import time

import pytest

from consent.models import CspReport
from ossnet_site.browser_features import FEATURES
from tests.browser.visitor import PAGES, Visitor

# What a page of ours could be made to do if somebody found a way to put words of theirs into it.
SINKS = [
    "document.body.innerHTML = '<b>x</b>'",
    "document.write('x')",
    "document.createElement('script').src = '/static/js/hotjar.js'",
    "document.createElement('script').text = 'x'",
    "setTimeout('x')",
    "eval('1')",
    "new Function('1')",
    "trustedTypes.createPolicy('mine', {})",
]
RUN_OWN_FILE = """name => new Promise(done => {
    const script = document.createElement("script");
    script.onload = () => done("ran");
    script.onerror = () => done("refused");
    script.src = "/static/js/" + name;
    document.head.append(script);
})"""


def refused(visitor: Visitor, statement: str) -> bool:
    """Whether the page may not do it; asked from a timer, as what a test runs directly is exempt from the policy."""
    attempt = f"try {{ {statement}; done(false) }} catch {{ done(true) }}"
    return bool(visitor.page.evaluate(f"new Promise(done => setTimeout(() => {{ {attempt} }}))"))


def test_while_nothing_is_granted_no_text_becomes_code(visitor: Visitor) -> None:
    for _ in ("undecided", "refused"):
        visitor.open("/privatuma-politika/")
        assert [statement for statement in SINKS if not refused(visitor, statement)] == []
        if visitor.banner.count():
            visitor.reject_all()


@pytest.mark.parametrize("category", ["analytics", "facebook", "hotjar"])
def test_a_granted_service_loads_its_parts_by_building_script_elements(visitor: Visitor, category: str) -> None:
    """All three vendors' documented loaders assign script.src: Trusted Types would stop each of them."""
    visitor.vendors_then = (
        "const part = document.createElement('script'); part.src = document.currentScript.src + '#2';"
    )
    visitor.grant([category])
    visitor.open("/")
    visitor.page.wait_for_function("() => window.started")
    assert visitor.page.evaluate("violations") == []
    assert not refused(visitor, SINKS[2])
    assert refused(visitor, "eval('1')"), "never"


def test_a_loader_that_was_not_granted_cannot_even_be_run_from_this_very_site(visitor: Visitor) -> None:
    visitor.grant(["analytics"])
    visitor.open("/")
    assert visitor.page.evaluate(RUN_OWN_FILE, "hotjar.js") == "refused"
    assert not any("hotjar" in address for address in visitor.requested)


def test_every_feature_of_the_browser_is_off(visitor: Visitor) -> None:
    visitor.open("/")
    known = set(visitor.page.evaluate("document.featurePolicy.features()"))
    left_on = {"unload", *(feature for feature in known if feature.startswith("ch-"))}
    assert known - left_on <= set(FEATURES), "this browser has learnt something new"
    assert set(visitor.page.evaluate("document.featurePolicy.allowedFeatures()")) <= left_on


def test_no_page_leaves_anything_in_the_console(visitor: Visitor) -> None:
    complaints: list[str] = []
    visitor.page.on("console", lambda message: complaints.append(message.text))
    visitor.page.on("pageerror", lambda error: complaints.append(str(error)))
    for path in PAGES:
        visitor.open(path)
    assert [line for line in complaints if "404 (Not Found)" not in line] == []


def test_what_the_browser_refuses_is_reported_to_us(visitor: Visitor) -> None:
    visitor.open("/privatuma-politika/?from=letter")
    visitor.page.evaluate("document.body.append(Object.assign(new Image(), {src: 'https://evil.example/p?id=7'}))")
    deadline = time.monotonic() + 10  # seconds
    while not CspReport.objects.exists() and time.monotonic() < deadline:
        visitor.page.wait_for_timeout(100)
    row = CspReport.objects.get()
    assert (row.document, row.directive, row.blocked) == ("/privatuma-politika/", "img-src", "https://evil.example")
