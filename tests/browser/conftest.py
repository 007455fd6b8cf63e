"""A real Chromium, one profile per test, in front of the site; nothing reaches the outside world."""

import os
import shutil
import threading
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, sync_playwright
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer

from consent import disclosures
from ossnet_site import stamp
from tests.browser.visitor import Visitor

# Playwright's synchronous API runs an event loop in this thread, where Django would refuse to touch the database.
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"

# The site under a name with a parent domain, as it has in production. Every other name leads nowhere.
WWW = "www.ossnet.test"
RESOLVER = f"MAP {WWW} 127.0.0.1, MAP * ~NOTFOUND, EXCLUDE localhost, EXCLUDE 127.0.0.1"
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    f"--host-resolver-rules={RESOLVER}",
]

VisitorWith = Callable[..., Visitor]
Launch = Callable[..., Browser]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark every test of this folder."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.browser)


def program(*names: str) -> str:
    """The first of Debian's programs that is there, or what CHROMIUM names.

    Where there is none the test is skipped, unless CI=true says that it must be there.
    """
    found = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, names)), None)
    if not found:
        reason = "no Chromium: install it or name it in the environment variable CHROMIUM"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    return found


@pytest.fixture(scope="session")
def launch(live_server: LiveServer) -> Iterator[Launch]:
    """Starts Chromium, without the parts that only a window needs where Debian's package of that is there.

    All of it is gone before the server stops sharing its database connection with threads.
    """
    executable = program("chromium-headless-shell", "chromium")
    with sync_playwright() as playwright:
        yield partial(playwright.chromium.launch, executable_path=executable)
    for thread in threading.enumerate():
        if "process_request_thread" in thread.name:  # waits for a request on a connection that was kept open
            thread.join(timeout=5)  # seconds


@pytest.fixture(scope="session")
def browser(launch: Launch) -> Iterator[Browser]:
    """One browser for all tests."""
    with launch(args=ARGUMENTS) as browser:
        yield browser


@pytest.fixture
def served_site(committed_site: None, live_server: LiveServer, settings: Settings) -> str:
    """The running site with policy version 1 and the cookie registry; its address ends without a slash."""
    settings.ALLOWED_HOSTS = ["localhost", WWW]
    disclosures.forget_all()
    stamp.forget()
    return f"http://localhost:{urlsplit(live_server.url).port}"


@pytest.fixture
def visitor_with(browser: Browser, served_site: str) -> Iterator[VisitorWith]:
    """Makes visitors with an empty browser and the given properties of a Playwright context."""
    contexts = []

    def make(*, host: str = "localhost", **options: Any) -> Visitor:
        context = browser.new_context(**options)
        context.set_default_timeout(10_000)  # milliseconds
        contexts.append(context)
        return Visitor(context, served_site.replace("localhost", host))

    yield make
    for context in contexts:
        context.close()


@pytest.fixture
def visitor(visitor_with: VisitorWith) -> Visitor:
    return visitor_with()


@pytest.fixture
def visitor_with_kept_pages(launch: Launch, served_site: str) -> Iterator[Visitor]:
    """At www, with a browser that has a back-forward cache, which Playwright otherwise switches off."""
    arguments = [*ARGUMENTS, "--enable-features=BackForwardCache"]
    whole = program("chromium")  # the headless shell keeps no pages
    options = {"executable_path": whole, "ignore_default_args": ["--disable-back-forward-cache"]}
    with launch(args=arguments, **options) as browser:
        yield Visitor(browser.new_context(), served_site.replace("localhost", WWW))


@pytest.fixture
def visitor_at_www(visitor_with: VisitorWith) -> Visitor:
    """Visits under a name with a parent domain, over plain HTTP: there Chromium sends Origin, not Sec-Fetch-Site."""
    return visitor_with(host=WWW)
