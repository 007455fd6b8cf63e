"""What a vendor's script leaves or still does around the moment of withdrawal."""

from tests.browser.visitor import Visitor

# Vendors write their cookies once more while the visitor leaves the page, after the answer has removed them.
WRITE_WHILE_LEAVING = """
    addEventListener("pagehide", () => {
        document.cookie = "_ga=late; path=/; max-age=1000";
        document.cookie = "_ga_ABC123=late; path=/; max-age=1000; domain=ossnet.test";
    });
"""
# Vendors count a page again when the browser takes it out of its back-forward cache.
RUN_WHEN_SHOWN_AGAIN = """
    addEventListener("pageshow", event => event.persisted && fetch("https://www.google-analytics.com/g/collect"));
"""
LOADED = "() => document.readyState === 'complete'"


def go_back(visitor: Visitor) -> None:
    """Go back and wait until the page is there, loaded anew or kept; a kept one fires no load event.

    One that is asked for anew takes the place of the kept one while this waits, which an evaluation would not survive.
    """
    visitor.page.go_back(wait_until="commit")
    visitor.page.wait_for_function(LOADED)


def test_cookies_written_while_leaving_are_removed_by_the_next_pages(visitor_at_www: Visitor) -> None:
    visitor = visitor_at_www
    visitor.vendors_then = WRITE_WHILE_LEAVING
    visitor.open("/")
    visitor.accept_all()
    visitor.open("/kontakti/")
    visitor.withdraw()
    visitor.open("/")
    assert visitor.cookies == {"consent"}


def test_withdrawing_empties_the_storages(visitor: Visitor) -> None:
    visitor.open("/")
    visitor.accept_all()
    assert visitor.page.evaluate("[localStorage.length, sessionStorage.length]") == [1, 1]
    visitor.withdraw()
    assert visitor.page.evaluate("[localStorage.length, sessionStorage.length]") == [0, 0]


def test_going_back_to_a_kept_page_after_withdrawing_runs_no_vendor(visitor_with_kept_pages: Visitor) -> None:
    visitor = visitor_with_kept_pages
    visitor.vendors_then = RUN_WHEN_SHOWN_AGAIN
    visitor.open("/")
    visitor.accept_all()
    visitor.open("/kontakti/")
    visitor.withdraw()
    visitor.requested.clear()
    go_back(visitor)
    assert visitor.page.evaluate("typeof dataLayer") == "undefined"
    assert visitor.path == "/#choice-saved"
    assert visitor.requested == []


def test_the_browser_does_keep_pages(visitor_with_kept_pages: Visitor) -> None:
    visitor = visitor_with_kept_pages
    visitor.open("/")
    visitor.page.evaluate("window.kept = true")
    visitor.open("/kontakti/")
    go_back(visitor)
    assert visitor.page.evaluate("window.kept")
