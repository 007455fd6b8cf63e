"""What the shipped fronts keep from the site, what they say when it is away, and what they write about all of it."""

import http.client
import ssl
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.deployment import fronts
from tests.deployment.conftest import HOST, free_port
from tests.deployment.container import ROOT
from tests.deployment.fronts import BREAKS_OFF, CLIENT, FRONTS, Front, Machine

pytestmark = pytest.mark.once
LOGIN, POLICIES = "/admin/login/", "/admin/privacy/policyversion/1/change/"


@pytest.fixture(scope="module")
def machine() -> Iterator[Machine]:
    with fronts.echo() as it:
        yield it


@pytest.fixture(scope="module", params=FRONTS)
def front(
    request: pytest.FixtureRequest, machine: Machine, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Front]:
    """Before ``machine``."""
    folder = tmp_path_factory.mktemp(request.param)
    with fronts.running(fronts.make(request.param, folder, [machine.server_port], folder)) as it:
        yield it


@pytest.fixture(params=FRONTS)
def lonely_front(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Front]:
    """Before a machine that is away."""
    with fronts.running(fronts.make(request.param, tmp_path, [free_port()], tmp_path)) as it:
        yield it


def begin(front: Front, path: str, length: int, sent: int) -> ssl.SSLSocket:
    """A request of which a part has been sent."""
    connection = front.connect()
    head = f"POST {path} HTTP/1.1\r\nHost: {HOST}\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n"
    connection.sendall(head.encode() + b"x" * sent)
    return connection


@pytest.mark.parametrize(("path", "length"), [(LOGIN, 15_000), (POLICIES, 8_000_000)])
def test_a_machine_hears_of_a_request_only_when_it_is_there_as_a_whole(
    front: Front, machine: Machine, path: str, length: int
) -> None:
    machine.arrived.clear()
    with begin(front, path, length, length - 1) as slow:
        time.sleep(0.1)
        assert machine.arrived == [], "no thread of the site waits for a client"
        slow.sendall(b"x")
        assert slow.recv(12) == b"HTTP/1.1 200"
    assert machine.arrived == [path]


@pytest.mark.parametrize(
    ("path", "length"),
    [(LOGIN, 17_000), ("/sikdatnes/", 300_000), ("/admin/auth/user/1/change/", 300_000)],
)
def test_a_body_that_is_too_long_for_its_address_is_refused(front: Front, path: str, length: int) -> None:
    assert front.ask(path, "POST", b"x" * length)[0].status == 413
    assert front.ask("/")[0].status == 200, "no machine is taken for dead because of it"


def test_nobody_answers_with_an_empty_page_while_every_machine_is_away(lonely_front: Front) -> None:
    answer, body = lonely_front.ask("/")
    assert answer.status == 503
    assert "Vietne īslaicīgi nav pieejama" in body.decode()
    assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Content-Security-Policy"] == "default-src 'none'"
    assert answer.headers["Retry-After"] == "5"
    assert answer.headers["Server"] in (None, "nginx"), "no version"
    shipped = [(ROOT / "deploy" / name).read_text() for name in ("nginx.conf", "Caddyfile")]
    assert all(body.decode() in text for text in shipped), "the same page in both"


def test_no_log_of_a_front_holds_the_address_of_a_visitor(front: Front, machine: Machine) -> None:
    begin(front, "/", 1000, 500).close()  # the visitor breaks off
    with pytest.raises(http.client.IncompleteRead):
        front.ask(BREAKS_OFF)  # the site does
    for kept in front.log.parent.glob("client_body"):
        kept.rmdir()  # nginx itself is in trouble
        assert front.ask(POLICIES, "POST", b"x" * 200_000)[0].status == 500
        kept.mkdir()
    time.sleep(0.1)
    assert CLIENT not in front.log.read_text()
