"""Answers public pages from stored bytes, before Django is asked.

The rule. Django makes a page, and says in ``MarkPages`` that it is one of ``PAGES`` and for which state it was made.
Those bytes then answer every other request that is a plain GET or HEAD (no query string, no body, no credentials, no
session of staff) for the same address on the same host, from a visitor in the same state whose cookies need no
clearing away, as long as nothing that pages show has changed (``ossnet_site.stamp``) and no moment has passed that
changes them by itself. Everything else is Django's.

While the database is away the pages stay. What a visitor granted is then not known to stand, so that nobody gets a
page in which services run, and nothing new is stored. Where a page is not there for a visitor's state and Django cannot
make it, that of another state answers, in which nothing runs either: text that asks anew is better than no text. So is
one from before the last moment that changed pages by itself.
"""

import hashlib
import sys
import threading
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from math import inf
from typing import Any, cast

from django.conf import settings
from django.core.handlers.wsgi import WSGIRequest
from django.db import Error, connection
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from consent import cleanup
from consent.middleware import consent_of
from consent.state import Consent, ConsentRequest, State
from ossnet_site import stamp
from ossnet_site.logs import ROUTE
from ossnet_site.middleware import MAX_COOKIES
from ossnet_site.stored_page import Headers, Recent, StartResponse, StoredPage
from privacy.current import next_change

Environ = dict[str, Any]
Application = Callable[[Environ, StartResponse], Iterable[bytes]]
Key = tuple[Any, ...]  # address, state, and what of the origin is in the page
Pages = Recent[Key, StoredPage]
Visitor = tuple[str | None, float]  # the key of the state, None for Django alone; when it changes by itself

# The views whose answer depends on address, state and content alone. Receipts, previews and errors are not among them.
PAGES = {
    "show-home",
    "show-contacts",
    "privacy:show-policy",
    "privacy:list-versions",
    "privacy:show-version",
    "privacy:show-changes",
    "consent:cookie-settings",
    "consent:check",
}
MARK = "ossnet_site.page"
# Bytes in each process: every current page in every state, and some 100 old versions. As many again are kept of those
# that a moment has outdated.
PAGES_LIMIT = 8 * 1024 * 1024
VISITORS_LIMIT = 32_768  # about 300 bytes each
# What of a request a page may differ by, beside address and state: links and redirects hold host and scheme.
ORIGIN = ("HTTP_HOST", "wsgi.url_scheme", *(settings.SECURE_PROXY_SSL_HEADER or ())[:1])


class MarkPages:
    """Says to the front, beside the answer, that it is a page for everybody in this state. The outermost middleware."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer; mark what may be stored. A page that had to do without the database may not."""
        response = self.get_response(request)
        match = request.resolver_match
        if match is not None:
            request.META[ROUTE] = f"/{match.route}"
        is_page = match is not None and match.view_name in PAGES and response.status_code == 200
        if is_page and not response.streaming and not response.cookies and not connection.errors_occurred:
            request.META[MARK] = cast("ConsentRequest", request).consent.key
        return response


class Edition:
    """All that is remembered for one state of the content, until ``until``: seconds since 1970, None for not known.

    ``outdated`` holds pages of the same content from before a moment that changed them by itself.
    """

    def __init__(self, token: str, *, is_known: bool, until: float | None, pages: Pages, outdated: Pages) -> None:
        self.token = token
        self.is_known = is_known
        self.until = until
        self.pages = pages
        self.outdated = outdated
        self.visitors: Recent[tuple[bytes, Any], Visitor] = Recent(VISITORS_LIMIT)

    def stands(self, now: float) -> bool:
        """Whether its pages are known to be those of ``now``."""
        return self.until is not None and now < self.until


class Front:
    """The WSGI application around Django's."""

    def __init__(self, application: Application) -> None:
        self.application = application
        self._edition = Edition("", is_known=False, until=-inf, pages=Recent(PAGES_LIMIT), outdated=Recent(PAGES_LIMIT))
        self._renewing = threading.Lock()

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        """Answer from the stored bytes where the rule allows it, else let Django answer."""
        if not is_plain(environ):
            return self.application(environ, start_response)
        now = time.time()
        edition, key = self.look_up(environ, now)
        page = edition.pages.get(key) if key else None
        if page is None and edition.is_known:
            # What is made must be of one piece: views read the database, and what they remember hangs on the stamp.
            with suppress(Error):
                stamp.renew()
            edition, key = self.look_up(environ, now)
            page = edition.pages.get(key) if key else None
        if page is not None:
            return page.answer(environ, start_response)
        return self.make(environ, start_response, edition, key)

    def found(self, environ: Environ) -> StoredPage | None:
        """The stored page that answers a request; None where there is none, or none that may."""
        if not is_plain(environ):
            return None
        edition, key = self.look_up(environ, time.time())
        return edition.pages.get(key) if key else None

    def look_up(self, environ: Environ, now: float) -> tuple[Edition, Key | None]:
        """Where the page would be, and under which key; None when Django must see the request."""
        edition = self.edition(now)
        state = visitor_state(edition, environ, now)
        if state is None:
            return edition, None
        return edition, (environ["PATH_INFO"], state, *map(environ.get, ORIGIN))

    def make(
        self, environ: Environ, start_response: StartResponse, edition: Edition, key: Key | None
    ) -> Iterable[bytes]:
        """Let Django answer, and keep what it made if it is a page for everybody in the visitor's state."""
        begun: list[Any] = []

        def begin(*args: Any) -> None:
            begun[:] = args

        environ.pop(MARK, None)
        answer = self.application(environ, begin)
        made_for, headers = environ.pop(MARK, None), cast("Headers", begun[1])
        page = last_known(edition, environ) if begun[0].startswith("503") else None
        if page is None and (key is None or made_for is None or not is_storable(headers)):
            start_response(*begun)
            return answer
        try:
            page = page or StoredPage(headers, b"".join(answer), environ.get(ROUTE, ""))
        finally:
            if hasattr(answer, "close"):
                answer.close()
        if key and made_for == key[1] and edition.is_known and edition.stands(time.time()):
            edition.pages.put(key, page, page.weight)
        return page.answer(environ, start_response)

    def edition(self, now: float) -> Edition:
        """What is remembered for the content of this moment; the old one goes as a whole."""
        seen = stamp.current()
        if not self._holds(seen, now):
            with self._renewing:
                if not self._holds(seen, now):
                    self._edition = self._renewed(seen, now)
        return self._edition

    def _holds(self, seen: stamp.Stamp, now: float) -> bool:
        edition = self._edition
        is_over = edition.until is not None and now >= edition.until
        return edition.token == seen.token and edition.is_known is seen.is_known and not is_over

    def _renewed(self, seen: stamp.Stamp, now: float) -> Edition:
        """Pages outlive the database's going away and coming back; the visitors' states do not."""
        before, token, is_known = self._edition, seen.token, seen.is_known
        is_same, outdated = before.token == token, before.outdated
        if is_same and before.stands(now):
            return Edition(token, is_known=is_known, until=before.until, pages=before.pages, outdated=outdated)
        if not is_same:
            outdated = Recent(PAGES_LIMIT)
        elif before.pages.known():
            outdated = before.pages
        try:
            moment = next_change(timezone.now())
        except Error:  # gone since the look; nothing is stored until the next one
            return Edition(token, is_known=False, until=None, pages=Recent(PAGES_LIMIT), outdated=outdated)
        until = moment.timestamp() if moment else inf
        return Edition(token, is_known=is_known, until=until, pages=Recent(PAGES_LIMIT), outdated=outdated)


def is_plain(environ: Environ) -> bool:
    """Whether the request asks for nothing but a page."""
    return (
        environ["REQUEST_METHOD"] in ("GET", "HEAD")
        and not environ.get("QUERY_STRING")
        and environ.get("CONTENT_LENGTH", "") in ("", "0")
        and "HTTP_HOST" in environ
        and "HTTP_TRANSFER_ENCODING" not in environ
        and "HTTP_AUTHORIZATION" not in environ
        and not environ.get("SCRIPT_NAME")
    )


def last_known(edition: Edition, environ: Environ) -> StoredPage | None:
    """A page of the same address in which nothing runs, made for another state; best one that still asks everything."""
    address = [environ["PATH_INFO"], *map(environ.get, ORIGIN)]
    for pages in (edition.pages, edition.outdated):
        found = [key for key in pages.known() if [key[0], *key[2:]] == address and is_free_of_services(key[1])]
        found.sort(key=lambda key: ("by signal" in key[1], "refused" in key[1]))
        if found:
            return pages.get(found[0])
    return None


def is_free_of_services(state: str) -> bool:
    """Whether no category of a state (``Consent.key``) is granted."""
    return State.GRANTED.value not in state.split(",")


def is_storable(headers: Headers) -> bool:
    """Whether an answer is the same for the next visitor and not encoded yet."""
    return not any(name.lower() in ("set-cookie", "content-encoding") for name, _value in headers)


def visitor_state(edition: Edition, environ: Environ, now: float) -> str | None:
    """The state by the cookies and the signal; None when Django must see the request. Remembered by a hash of both."""
    cookies: str = environ.get("HTTP_COOKIE", "")
    if len(cookies) > MAX_COOKIES:
        return None
    digest = hashlib.blake2b(cookies.encode("latin-1"), digest_size=16).digest() if cookies else b""
    key = (digest, environ.get("HTTP_SEC_GPC") == "1")
    known = edition.visitors.get(key)
    if known is None or now >= known[1]:
        known = read_visitor(WSGIRequest(environ))
        edition.visitors.put(key, known)
    return known[0]


def read_visitor(request: HttpRequest) -> Visitor:
    """The state as the consent middleware computes it, and when it lapses."""
    consent: Consent = consent_of(request, service_free=False)
    until = consent.changes_at.timestamp() if consent.changes_at else inf
    is_staff = settings.SESSION_COOKIE_NAME in request.COOKIES
    if is_staff or cleanup.left_over(request.COOKIES, consent.ended_services):
        return None, until
    return sys.intern(consent.key), until  # thousands of visitors, a few states
