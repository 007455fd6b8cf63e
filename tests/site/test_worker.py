"""What is no readable request gets our page with the headers of every answer, and the log does not say who sent it."""

import logging
import socket
from types import SimpleNamespace
from typing import Any
from unittest.mock import Mock

import pytest
from django.core.wsgi import get_wsgi_application
from gunicorn.http.errors import (
    ConfigurationProblem,
    InvalidHeader,
    InvalidRequestLine,
    InvalidResponseHeader,
    LimitRequestHeaders,
    LimitRequestLine,
    UnsupportedTransferCoding,
)

from consent import csp
from ossnet_site.front import Front
from ossnet_site.health import Probes
from ossnet_site.observing import Observed
from ossnet_site.unreadable import status_of
from ossnet_site.worker import Worker
from tests.consent.test_csp import hosts

pytestmark = pytest.mark.usefixtures("site")
ADDRESS = ("192.0.2.7", 4711)


@pytest.fixture
def worker() -> Worker:
    made: Worker = Worker.__new__(Worker)
    made.wsgi = Front(get_wsgi_application())
    made.log = logging.getLogger("gunicorn.error")
    return made


def answer_to(worker: Worker, problem: Exception, request: Any = None) -> tuple[bytes, dict[str, str], str]:
    """Status line, headers and body as they come over the wire."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        try:
            raise problem
        except type(problem) as raised:
            worker.handle_error(request, ours, ADDRESS, raised)
        ours.shutdown(socket.SHUT_WR)
        wire = b"".join(iter(lambda: theirs.recv(65536), b""))
    head, _, body = wire.partition(b"\r\n\r\n")
    line, *headers = head.split(b"\r\n")
    return line, dict(header.decode().split(": ", 1) for header in headers), body.decode()


@pytest.mark.parametrize(
    ("problem", "line", "title"),
    [
        (LimitRequestLine(5000, 4094), b"HTTP/1.1 414 Request-URI Too Long", "Adrese ir pārāk gara"),
        (
            LimitRequestHeaders("cookie=x"),
            b"HTTP/1.1 431 Request Header Fields Too Large",
            "Pārlūks nosūtīja pārāk daudz sīkdatņu",
        ),
        (InvalidHeader("X-Name: Anna"), b"HTTP/1.1 400 Bad Request", "Pieprasījumu nevarēja saprast"),
    ],
)
def test_it_gets_a_page_of_ours_with_the_headers_of_every_answer(
    worker: Worker, problem: Exception, line: bytes, title: str
) -> None:
    got, headers, body = answer_to(worker, problem)
    assert got == line
    assert title in body
    assert 'lang="lv"' in body
    assert headers["Content-Length"] == str(len(body.encode()))
    assert headers["Connection"] == "close"
    assert headers["Content-Security-Policy"] == csp.for_visitors(())
    assert hosts(headers["Content-Security-Policy"]) == set()
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert "Set-Cookie" not in headers


def test_what_was_sent_is_not_logged(worker: Worker, caplog: pytest.LogCaptureFixture) -> None:
    for problem in (InvalidRequestLine("GET /?mans=vards"), LimitRequestHeaders("cookie=Anna"), InvalidHeader("Anna")):
        answer_to(worker, problem)
    answer_to(worker, ValueError("Anna"), SimpleNamespace(path="/kontakti/", uri="/kontakti/?vards=Anna", method="GET"))
    messages = [record.getMessage() for record in caplog.records if record.name == "gunicorn.error"]
    assert messages == [
        "Refused a malformed request: InvalidRequestLine",
        "Refused a malformed request: LimitRequestHeaders",
        "Refused a malformed request: InvalidHeader",
        "Error while answering a request",
    ]


def test_a_fault_of_ours_says_so_and_leaves_its_traceback(worker: Worker, caplog: pytest.LogCaptureFixture) -> None:
    line, _headers, body = answer_to(worker, ValueError("went wrong"))
    assert line == b"HTTP/1.1 500 Internal Server Error"
    assert "went wrong" not in body
    record = next(record for record in caplog.records if record.name == "gunicorn.error")
    assert record.exc_info
    assert record.getMessage() == "Error while answering a request"


def test_each_kind_has_its_status() -> None:
    problems = [UnsupportedTransferCoding("x"), ConfigurationProblem("x"), InvalidResponseHeader("x"), OSError()]
    assert [status_of(problem) for problem in problems] == [400, 500, 500, 500]


def test_whoever_has_gone_is_no_error(worker: Worker) -> None:
    ours, theirs = socket.socketpair()
    theirs.close()
    with ours:
        worker.handle_error(None, ours, ADDRESS, InvalidHeader("x"))


def test_a_worker_says_that_it_lives_and_has_the_site_settle_once_a_second(
    worker: Worker, monkeypatch: pytest.MonkeyPatch
) -> None:
    seconds = [100.0]
    monkeypatch.setattr("time.monotonic", lambda: seconds[0])
    worker.tmp, worker.wsgi, worker.settled_at = Mock(), Mock(), 0.0
    worker.notify()
    worker.notify()
    assert worker.wsgi.settle.call_count == 1
    seconds[0] += 1
    worker.notify()
    assert worker.wsgi.settle.call_count == 2
    assert worker.tmp.notify.call_count == 2


@pytest.mark.parametrize(("token", "probes"), [("", 2), ("x" * 32, 3)])
def test_the_site_says_which_addresses_are_probes_and_the_numbers_are_one_where_there_are_any(
    worker: Worker, settings: Any, token: str, probes: int
) -> None:
    settings.METRICS_TOKEN = token
    django = get_wsgi_application()
    worker.app = SimpleNamespace(wsgi=lambda: Observed(Probes(Front(django), django)))
    worker.load_wsgi()
    assert len(worker.probes) == 4 * probes, "GET and HEAD, with a query string and without"
    assert b"HEAD /healthz/ready?verbose HTTP/1.1".startswith(worker.probes)
    assert b"GET /metrics HTTP/1.1".startswith(worker.probes) is (token != "")
