"""The short way of a decision: past the middleware, which a decision in good order does not need.

The rule. A POST of a plain form to the one address that takes decisions, from this origin, by a visitor in a state in
which Django has answered a decision before, is counted and decided here, by the same functions. The headers that the
middleware gives such an answer are those of the earlier one: they depend on address, host, scheme and state alone.
Everything else is Django's. When a decision that was begun here comes to anything but its redirect, Django's pages say
so: it is told what happened and does nothing twice.
"""

import threading
import time
from collections.abc import Iterable
from contextlib import nullcontext
from functools import cache
from io import BytesIO
from typing import Any, cast

from django.conf import settings
from django.core.handlers.wsgi import WSGIRequest
from django.db import DEFAULT_DB_ALIAS, connections
from django.urls import reverse
from django.utils import translation
from django.utils.encoding import iri_to_uri

from consent import cookie
from consent.middleware import consent_of
from consent.origin import is_same_origin
from consent.state import ConsentRequest
from consent.views import FAILED, FORM, Taken, answer, take
from ossnet_site import limits
from ossnet_site.flooding import COUNTED
from ossnet_site.front import ORIGIN, Application, Environ
from ossnet_site.middleware import MAX_BODY, MAX_COOKIES
from ossnet_site.stored_page import Headers, Recent, StartResponse

KNOWN_LIMIT = 1000  # answers whose headers are remembered, some 4 KB each
# What one answer has for itself.
OWN = {"Location", "Set-Cookie", "Clear-Site-Data"}
UNCHECKED = 1.0  # seconds for which a connection that was there counts as there


class ShortWay:
    """The WSGI application around Django's."""

    def __init__(self, application: Application) -> None:
        self.application = application
        self._known: Recent[tuple[Any, ...], Headers] = Recent(KNOWN_LIMIT)

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        """Decide where the rule allows it, else let Django answer."""
        language = addresses().get(environ["PATH_INFO"]) if is_plain(environ) else None
        if language is None:
            return self.application(environ, start_response)
        look_after_connection()
        request = cast("ConsentRequest", WSGIRequest(environ))
        request.consent = consent_of(request, service_free=False)
        state = request.consent.key
        key = (environ["PATH_INFO"], state, *[environ.get(name) for name in ORIGIN])
        added = self._known.get(key)
        if added is None or not is_same_origin(request):
            return self.application(environ, self._learning(key, state, start_response))
        taken = taken_by(request, language)
        if taken is None:
            environ["wsgi.input"] = BytesIO(request.body)
            return self.application(environ, start_response)
        start_response("303 See Other", [*added, *own_headers(request, taken)])
        return (b"",)

    def _learning(self, key: tuple[Any, ...], state: str, start_response: StartResponse) -> StartResponse:
        """``start_response``, remembering what Django's middleware gives the redirect of a decision."""

        def begin(status: str, headers: Headers, *rest: Any) -> Any:
            if status.startswith("303") and ("Consent-State", state) in headers:
                self._known.put(key, [(name, value) for name, value in headers if name not in OWN])
            return start_response(status, headers, *rest)

        return begin


def is_plain(environ: Environ) -> bool:
    """Whether the request is a form and nothing that the middleware would have to look at."""
    cookies, length = environ.get("HTTP_COOKIE", ""), environ.get("CONTENT_LENGTH", "")
    return (
        environ["REQUEST_METHOD"] == "POST"
        and environ.get("CONTENT_TYPE") == FORM
        and not environ.get("QUERY_STRING")
        and length.isdecimal()
        and len(length) <= len(str(MAX_BODY[""]))
        and int(length) <= MAX_BODY[""]
        and len(cookies) <= MAX_COOKIES
        and settings.SESSION_COOKIE_NAME not in cookies
        and "HTTP_HOST" in environ
        and "HTTP_TRANSFER_ENCODING" not in environ
        and "HTTP_AUTHORIZATION" not in environ
        and not environ.get("SCRIPT_NAME")
    )


@cache
def addresses() -> dict[str, str]:
    """Where decisions are taken, and the language of each."""
    found = {}
    for language, _name in settings.LANGUAGES:
        with translation.override(language):
            found[reverse("consent:cookie-settings")] = language
    return found


def taken_by(request: ConsentRequest, language: str) -> Taken | None:
    """The decision; None when it came to something else, which then stands beside the request."""
    is_spoken = translation.get_language() == language  # usually; changing it twice takes longer than asking
    with nullcontext() if is_spoken else translation.override(language):
        try:
            wait = request.META[COUNTED] = limits.seconds_to_wait("decision", request)
            return take(request, language) if wait is None else None
        except Exception as error:
            request.META[FAILED] = error
            return None


def own_headers(request: ConsentRequest, taken: Taken) -> Headers:
    """What the answer has for itself; a browser that sent no cookie has none to be cleared away."""
    if not request.META.get("HTTP_COOKIE"):
        return [("Location", iri_to_uri(taken.location)), ("Set-Cookie", cookie.line(taken.choice))]
    response = answer(request, taken)
    own = [("Set-Cookie", morsel.OutputString()) for morsel in response.cookies.values()]
    return own + [(name, value) for name, value in response.items() if name in OWN]


class _Own(threading.local):
    """Each thread has its own connection. When it was last looked after, on the monotonic clock."""

    looked_after = 0.0


_own = _Own()


def look_after_connection() -> None:
    """What Django does around each request, once a second: give a connection back, or let go of a broken one.

    The next one is asked whether it is there, which costs as much as storing the decision.
    """
    wrapper, now = connections[DEFAULT_DB_ALIAS], time.monotonic()
    is_due = wrapper.errors_occurred or now - _own.looked_after >= UNCHECKED
    if is_due and not wrapper.in_atomic_block:
        wrapper.close_if_unusable_or_obsolete()
        _own.looked_after = now
