"""The site behind the front, for tests in one process."""

import io
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from django.core.signals import request_finished, request_started
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections
from django.test import Client

from ossnet_site.front import Environ, Front
from ossnet_site.stored_page import StartResponse

POLICY = "/privatuma-politika/"


class Answer:
    def __init__(self, status: str, headers: list[tuple[str, str]], body: bytes) -> None:
        self.status, self.pairs, self.body = int(status[:3]), headers, body
        self.headers = dict(headers)
        assert len(self.headers) == len(headers) or self.headers.get("Set-Cookie")


@contextmanager
def kept_connections() -> Iterator[None]:
    """The test's own database connection outlives a request, as with Django's test client."""
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


class Site:
    """The front, and a count of the requests that reach Django behind it."""

    def __init__(self) -> None:
        self.django = get_wsgi_application()
        self.front = Front(self.counted)
        self.made = 0

    def counted(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        self.made += 1
        return self.django(environ, start_response)

    def get(self, address: str = POLICY, *, method: str = "GET", **headers: str) -> Answer:
        path, _mark, query = address.partition("?")
        environ: dict[str, Any] = {
            "REQUEST_METHOD": method,
            "PATH_INFO": path,
            "QUERY_STRING": query,
            "SERVER_NAME": "testserver",
            "SERVER_PORT": "80",
            "wsgi.url_scheme": "http",
            "HTTP_HOST": "testserver",
            "wsgi.input": io.BytesIO(),
            **headers,
        }
        with kept_connections():
            begun: list[Any] = []
            answer = self.front(environ, lambda *args: begun.extend(args))
            try:
                return Answer(begun[0], begun[1], b"".join(answer))
            finally:
                if hasattr(answer, "close"):
                    answer.close()

    def costs(self, address: str = POLICY, **headers: str) -> int:
        """How many requests reach Django when an address is asked for twice."""
        before = self.made
        self.get(address, **headers)
        self.get(address, **headers)
        return self.made - before


def cookie_of(client: Client) -> str:
    return f"consent={client.cookies['consent'].value}"
