"""The outermost WSGI application: it sees each request and each answer, changes neither, and tells log and metrics.

A stored page costs it about a microsecond (docs/adr/0025). What it says of a request is the route, never the address,
and of the visitor how many categories are granted, refused and undecided, never which visitor.
"""

import logging
import time
from collections.abc import Iterable
from importlib import import_module
from typing import Any

from django.conf import settings

from consent import outcomes, sqlite_writer
from consent.state import State
from ossnet_site.front import Application, Environ, Front
from ossnet_site.logs import NO_ROUTE, ROUTE, current, method_of, request_id
from ossnet_site.short_way import addresses
from ossnet_site.stored_page import STORED, Headers, StartResponse

logger = logging.getLogger("ossnet_site.requests")

# What became of a decision that was not recorded, by the status of the answer.
BY_STATUS = {"403": "foreign", "409": "words_changed", "429": "limited"}


class Observed:
    """The WSGI application around all others."""

    def __init__(self, application: Application, front: Front | None = None) -> None:
        self.application = application
        # What ossnet_site.worker answers in a thread that no visitor keeps busy.
        self.probed: set[str] = getattr(application, "addresses", set())
        # What it answers as many of as have come, and how they are made safe, see ossnet_site.together.
        self.gathered: set[str] = set(addresses()) if sqlite_writer.is_used() else set()
        self.gathering = sqlite_writer.gathered
        self.writes_lines: bool = settings.LOG_REQUESTS
        # Imported only where it is wanted: a worker without metrics is none the heavier.
        self.metrics: Any = import_module("ossnet_site.metrics") if settings.METRICS_TOKEN else None
        # Where there is nobody to tell, stored pages are asked for before anything else.
        self.front = None if self.metrics or self.writes_lines else front
        self.count_stored = self.metrics.stored_pages.count if self.metrics else None

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        """Answer, then tell. The time is that until the answer is ready to be sent."""
        if self.front and environ["PATH_INFO"] not in self.probed:
            page = self.front.found(environ)
            if page is not None:
                return page.answer(environ, start_response)
        begun = time.perf_counter()
        answered_with: tuple[str, Headers] = ("", [])

        def begin(status: str, headers: Headers, *rest: Any) -> Any:
            nonlocal answered_with
            answered_with = (status, headers)
            if status[0] in "45":  # never on a page that is the same for everybody in one state
                headers = [*headers, ("X-Request-ID", request_id(environ))]
            return start_response(status, headers, *rest)

        current.environ = environ
        try:
            answer = self.application(environ, begin)
            status, headers = answered_with
            if self.count_stored and STORED in environ and ROUTE not in environ:
                self.count_stored(environ[STORED], status)
            elif self.metrics:
                self.count(environ, status[:3], time.perf_counter() - begun)
            if self.writes_lines:
                write_line(environ, status, headers, time.perf_counter() - begun)
            return answer
        finally:
            current.environ = None

    def count(self, environ: Environ, status: str, seconds: float) -> None:
        """Count what no stored page answered; where one could have, it has been made and stands beside the request."""
        self.metrics.count(route_of(environ), status, seconds, is_missed=STORED in environ)
        if environ["REQUEST_METHOD"] == "POST" and environ["PATH_INFO"] in addresses():
            self.metrics.count_decision(outcome(status))

    def settle(self) -> None:
        """Called about once a second by each worker: what was counted on the quick way goes where it is read from."""
        if self.metrics:
            self.metrics.settle()


def write_line(environ: Environ, status: str, headers: Headers, seconds: float) -> None:
    """The line of LOG_REQUESTS."""
    facts = {
        "route": route_of(environ),
        "method": method_of(environ),
        "status": int(status[:3]),
        "milliseconds": round(seconds * 1000, 3),
        "stored": STORED in environ and ROUTE not in environ,
    }
    logger.info("request", extra=facts | consent_counts(headers))


def route_of(environ: Environ) -> str:
    """The pattern of the address, such as ``/privatuma-politika/versijas/<int:number>/``."""
    known: str | None = environ.get(ROUTE) or environ.get(STORED)
    if known:
        return known
    path: str = environ["PATH_INFO"]
    if path in addresses():  # a decision in good order never reaches Django
        return path
    return settings.STATIC_URL if path.startswith(settings.STATIC_URL) else NO_ROUTE


def outcome(status: str) -> str:
    """What a decision came to: the event of its record, or why there is none."""
    event = outcomes.taken()
    if status == "303":
        return event or "unchanged"
    return "failed" if status[0] == "5" else BY_STATUS.get(status, "malformed")


def consent_counts(headers: Headers) -> dict[str, int]:
    """How many categories the page's state holds of each kind; nothing for an answer that is no page."""
    key = next((value for name, value in headers if name == "Consent-State"), None)
    if not key:
        return {}
    states = [state.partition(" ")[0] for state in key.split(",")]
    granted, refused = states.count(State.GRANTED.value), states.count(State.REFUSED.value)
    return {"granted": granted, "refused": refused, "undecided": len(states) - granted - refused}
