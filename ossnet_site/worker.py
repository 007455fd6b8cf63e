"""gunicorn's worker, but for how an answer leaves, and what is said to and of somebody who cannot be understood."""

from collections.abc import Iterable
from contextlib import suppress
from io import BytesIO
from socket import socket
from typing import Any

from gunicorn.http.errors import (
    ConfigurationProblem,
    InvalidResponseHeader,
    InvalidResponseHeaderName,
    LimitRequestHeaders,
    LimitRequestLine,
    ParseException,
)
from gunicorn.workers.gthread import ThreadWorker

from ossnet_site.one_send import OneSend

# What gunicorn reports as an unreadable request though it is a fault of ours.
OURS = (ConfigurationProblem, InvalidResponseHeader, InvalidResponseHeaderName)


class Worker(ThreadWorker):  # type: ignore[misc]
    """Answers an unreadable request with a page of this site and all its headers, and logs no word of it."""

    def handle_request(self, req: Any, conn: Any) -> bool:
        """Answer one request; what is sent leaves as a whole."""
        connection = conn.sock
        conn.sock = OneSend(connection)
        try:
            goes_on: bool = super().handle_request(req, conn)
            conn.sock.flush()
        finally:
            conn.sock = connection
        return goes_on

    def handle_error(self, req: Any, client: socket, addr: Any, exc: Exception) -> None:
        """Called for what the parser refuses, and for an exception that Django did not catch."""
        status = status_of(exc)
        if status == 500:
            path = getattr(req, "path", None) or "an address that was not read"
            self.log.exception("Error while answering %s", path)
        else:
            self.log.warning("Refused a malformed request: %s", type(exc).__name__)
        with suppress(OSError):  # whoever sent it has gone
            client.sendall(self.page(status))

    def page(self, status: int) -> bytes:
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

        answer: Iterable[bytes] = self.wsgi(environ, begin)
        body = b"".join(answer)
        getattr(answer, "close", lambda: None)()
        line, headers = begun[0], [*begun[1], ("Content-Length", str(len(body))), ("Connection", "close")]
        head = [f"HTTP/1.1 {line}", *(f"{name}: {value}" for name, value in headers), "", ""]
        return "\r\n".join(head).encode("latin-1") + body


def status_of(problem: Exception) -> int:
    """414 for an address, 431 for headers that are too long, 400 for whatever else is malformed; 500 is our fault."""
    if isinstance(problem, LimitRequestLine):
        return 414
    if isinstance(problem, LimitRequestHeaders):
        return 431
    return 400 if isinstance(problem, ParseException) and not isinstance(problem, OURS) else 500
