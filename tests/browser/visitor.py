"""A visitor at a real browser, who reads roles and labels and not the page's markup."""

from collections.abc import Iterable

from playwright.sync_api import BrowserContext, Locator, Page, Response, Route, expect

from tests.browser import vendors

LATVIAN = ["/", "/kontakti/", "/privatuma-politika/", "/sikdatnes/", "/sikdatnes/parbaude/", "/nav-tadas-lapas/"]
ENGLISH = ["/en/", "/en/contacts/", "/en/privacy-policy/", "/en/cookies/", "/en/cookies/check/", "/en/no-such-page/"]
PAGES = [*LATVIAN, *ENGLISH]

CATEGORY_NAMES = {
    "analytics": "Analītiskās sīkdatnes",
    "facebook": "Facebook sīkdatnes",
    "hotjar": "Hotjar sīkdatnes",
}
SAVED = "Jūsu izvēle ir saglabāta."
WITHDRAWN = "Piekrišana ir atsaukta."

# The browser itself says what the Content-Security-Policy refused.
WATCH_VIOLATIONS = """
    window.violations = [];
    document.addEventListener("securitypolicyviolation", event =>
        window.violations.push(event.effectiveDirective + " " + event.blockedURI));
"""


class Visitor:
    """One browser profile with one tab.

    ``requested`` lists every address that was asked for outside the site. ``vendors_then`` is JavaScript that each
    vendor's script runs besides.
    """

    def __init__(self, context: BrowserContext, site: str) -> None:
        self.context = context
        self.site = site
        self.requested: list[str] = []
        self.vendors_then = ""
        context.add_init_script(WATCH_VIOLATIONS)
        context.route(lambda url: not url.startswith(f"{site}/"), self._answer)
        self.page: Page = context.new_page()

    def _answer(self, route: Route) -> None:
        self.requested.append(route.request.url)
        vendors.answer(route, self.vendors_then)

    def open(self, path: str) -> Response:
        """Go to a page of the site and wait until everything it asks for is there."""
        response = self.page.goto(self.site + path, wait_until="load")
        assert response
        return response

    @property
    def path(self) -> str:
        """Path and fragment of the page the visitor sees."""
        return self.page.url.removeprefix(self.site)

    @property
    def cookies(self) -> set[str]:
        """The names of all cookies in the browser, whatever their domain."""
        return {cookie.get("name", "") for cookie in self.context.cookies()}

    @property
    def banner(self) -> Locator:
        """The banner, in either language."""
        region = self.page.get_by_role("region")
        return region.filter(has=self.page.get_by_role("button", name="Piekrist visām")).or_(
            region.filter(has=self.page.get_by_role("button", name="Accept all"))
        )

    def confirmation(self, words: str) -> Locator:
        """The region that says what happened to the choice."""
        return self.page.get_by_role("region", name=words)

    def press(self, button: str) -> None:
        """Press the first button with these words and wait for the next page."""
        with self.page.expect_event("load"):
            self.page.get_by_role("button", name=button, exact=True).first.click()

    def accept_all(self) -> None:
        """Accept in the banner of the page the visitor is on."""
        self.press("Piekrist visām")

    def reject_all(self) -> None:
        """Reject in the banner of the page the visitor is on."""
        self.press("Noraidīt visas")

    def grant(self, categories: Iterable[str]) -> None:
        """Tick exactly ``categories`` on the settings page and save."""
        self.open("/sikdatnes/")
        for category, name in CATEGORY_NAMES.items():
            self.page.get_by_role("switch", name=name).set_checked(category in categories)
        self.press("Saglabāt izvēli")
        expect(self.confirmation(SAVED)).to_be_visible()

    def withdraw(self) -> None:
        """The one action: the button in the footer."""
        with self.page.expect_event("load"):
            self.page.get_by_role("contentinfo").get_by_role("button", name="Atsaukt piekrišanu").click()
