"""What is said to whoever sends what cannot be read as a request: a page of the site."""

from collections.abc import Callable, Iterable
from io import BytesIO
from typing import Any

from gunicorn.http.errors import (
    ConfigurationProblem,
    InvalidResponseHeader,
    InvalidResponseHeaderName,
    LimitRequestHeaders,
    LimitRequestLine,
    ParseException,
)

# What gunicorn reports as an unreadable request though it is a fault of ours.
OURS = (ConfigurationProblem, InvalidResponseHeader, InvalidResponseHeaderName)


def status_of(problem: Exception) -> int:
    """414 for an address, 431 for headers that are too long, 400 for whatever else is malformed; 500 is our fault."""
    if isinstance(problem, LimitRequestLine):
        return 414
    if isinstance(problem, LimitRequestHeaders):
        return 431
    return 400 if isinstance(problem, ParseException) and not isinstance(problem, OURS) else 500


def page(application: Callable[..., Iterable[bytes]], status: int) -> bytes:
    """The whole answer. The name of a host is left out: nothing that was sent is believed."""
    from ossnet_site.middleware import REFUSED  # gunicorn reads this file before Django is ready

    environ = {
        "REQUEST_METHOD": "GET",
        "SCRIPT_NAME": "",
        "PATH_INFO": "/",
        "SERVER_NAME": "localhost",
        "SERVER_PORT": "80",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "wsgi.url_scheme": "http",
        "wsgi.input": BytesIO(),
        REFUSED: status,
    }
    begun: list[Any] = []

    def begin(*args: Any) -> None:
        begun[:] = args

    answer = application(environ, begin)
    body = b"".join(answer)
    getattr(answer, "close", lambda: None)()
    line, headers = begun[0], [*begun[1], ("Content-Length", str(len(body))), ("Connection", "close")]
    head = [f"HTTP/1.1 {line}", *(f"{name}: {value}" for name, value in headers), "", ""]
    return "\r\n".join(head).encode("latin-1") + body
