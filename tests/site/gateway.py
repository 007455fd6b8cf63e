"""Requests to the whole WSGI application as gunicorn would hand them on, so that every byte is decoded in earnest."""

import gzip
import io
import os
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote_to_bytes

import brotli
from django.core.signals import got_request_exception, request_finished, request_started
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections, transaction
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from ossnet_site import limits
from ossnet_site.front import Front
from ossnet_site.short_way import ShortWay

# FUZZ=100 makes a hundred times as many examples, and other ones each time.
TIMES = int(os.environ.get("FUZZ", "0"))


def bounded(examples: int) -> settings:
    """The same examples each time, unless FUZZ asks for more and others."""
    return settings(
        max_examples=examples * max(TIMES, 1),
        derandomize=not TIMES,
        deadline=None,
        database=None,
        report_multiple_bugs=False,
        suppress_health_check=list(HealthCheck),
    )


@dataclass
class Request:
    """What comes over the wire, its parts as text whose characters are bytes."""

    method: str = "GET"
    path: str = "/"
    query: str = ""
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""

    def environ(self) -> dict[str, Any]:
        """The same as gunicorn puts it; names with an underscore it drops."""
        environ: dict[str, Any] = {
            "REQUEST_METHOD": self.method,
            "SCRIPT_NAME": "",
            "PATH_INFO": unquote_to_bytes(self.path.encode("latin-1")).decode("latin-1"),
            "QUERY_STRING": self.query,
            "RAW_URI": f"{self.path}?{self.query}",
            "SERVER_NAME": "127.0.0.1",
            "SERVER_PORT": "8000",
            "SERVER_PROTOCOL": "HTTP/1.1",
            "SERVER_SOFTWARE": "gunicorn",
            "REMOTE_ADDR": "192.0.2.1",
            "wsgi.url_scheme": "http",
            "wsgi.input": io.BytesIO(self.body),
            "wsgi.errors": io.StringIO(),
            "wsgi.multithread": True,
            "wsgi.multiprocess": True,
            "wsgi.run_once": False,
            "HTTP_HOST": "testserver",
        }
        if self.body:
            environ["CONTENT_LENGTH"] = str(len(self.body))
        for name, value in self.headers.items():
            key = name.upper().replace("-", "_")
            environ[key if key in {"CONTENT_TYPE", "CONTENT_LENGTH", "REMOTE_ADDR"} else f"HTTP_{key}"] = value
        return environ


@dataclass
class Answer:
    """What goes back over the wire."""

    status: int
    headers: list[tuple[str, str]]
    body: bytes

    @property
    def text(self) -> str:
        """The body as it is read, whatever its encoding on the way."""
        unpack: dict[str, Callable[[bytes], bytes]] = {"br": brotli.decompress, "gzip": gzip.decompress}
        body = unpack.get(self.header("Content-Encoding"), bytes)(self.body) if self.body else b""
        return body.decode("utf-8", "replace")

    def header(self, name: str) -> str:
        """The values of a header."""
        return ", ".join(value for key, value in self.headers if key.lower() == name.lower())


@contextmanager
def as_in_a_test() -> Iterator[None]:
    """The test's connection outlives the request, what it wrote does not, and no limit is used up."""
    limits.forget()
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    try:
        with transaction.atomic():
            yield
            transaction.set_rollback(True)
    finally:
        for signal in (request_started, request_finished):
            signal.connect(close_old_connections)


class Site:
    """The application behind gunicorn, with the front or without."""

    def __init__(self, *, front: bool = True) -> None:
        django: Callable[..., Iterable[bytes]] = get_wsgi_application()
        self.application: Callable[..., Iterable[bytes]] = Front(ShortWay(django)) if front else django

    def ask(self, request: Request) -> Answer:
        """The answer; an exception anywhere inside, even one that became a page, is raised."""
        caught: list[BaseException] = []

        def remember(sender: object, request: Any, **kwargs: Any) -> None:
            caught.append(sys.exc_info()[1] or RuntimeError("unknown"))

        got_request_exception.connect(remember)
        begun: list[Any] = []
        try:
            answer = self.application(request.environ(), lambda *args: begun.extend(args))
            try:
                body = b"".join(answer)
            finally:
                if hasattr(answer, "close"):
                    answer.close()
        finally:
            got_request_exception.disconnect(remember)
        if caught:
            raise caught[0]
        return Answer(int(begun[0][:3]), list(begun[1]), body)


NASTY = [
    "", "0", "-1", "1", "2", "9" * 30, "9" * 5000, "%00", "%0d%0aSet-Cookie:%20a=b", "%ff", "%ed%a0%80", "%c3%28",
    "\xff", "%", "%zz", "%2e%2e%2f", "..", "//", "/", "\\", "?", "&", "=", ";", "%3Cscript%3E", "{{7*7}}",
    "{%25%20debug%20%25}", "2026-13-45", "0001-01-01", "9999-12-31T23:59:59+14:00", "31.12.2026", "[]", "{}", "null",
    "None", "true", "on", "a" * 3000, "https://evil.example/", "//evil.example", "javascript:alert(1)", "analytics",
    "accept_all", "csv", "%F0%9F%92%A9", "00000000-0000-0000-0000-000000000000", "7K3M-Q2PX-9RDT", "1e999", "NaN",
    "-0", "%D9%A3", "1,2,x", "%2B",
]  # fmt: skip
BYTES = st.text(st.characters(min_codepoint=0, max_codepoint=255), max_size=12)
VALUE = st.sampled_from(NASTY) | BYTES


def mutated(texts: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    """One of the texts with something of it cut out and something nasty put in."""

    def apply(text: str, start: int, length: int, value: str) -> str:
        start %= len(text) + 1
        return text[:start] + value + text[start + length :]

    return st.builds(apply, texts, st.integers(0, 400), st.integers(0, 6), VALUE)


def quoted(value: str) -> str:
    """As it may stand in a query string or a body."""
    return value.replace("&", "%26").replace(" ", "+").replace("\r", "%0d").replace("\n", "%0a")


def pairs(names: st.SearchStrategy[str], values: st.SearchStrategy[str] = VALUE) -> st.SearchStrategy[str]:
    """A query string or the body of a form."""
    pair = st.builds(lambda name, value: f"{quoted(name)}={quoted(value)}", names, values)
    return st.lists(pair, max_size=6).map("&".join)
