"""What a visitor gets through the shipped fronts."""

import http.client
import subprocess
import time
from collections.abc import Iterator
from email.message import Message
from email.parser import Parser
from pathlib import Path

import pytest

from tests.deployment import fronts
from tests.deployment.conftest import HOST, free_port
from tests.deployment.container import Image
from tests.deployment.fronts import FRONTS, Front

pytestmark = [pytest.mark.once, pytest.mark.xdist_group("image")]  # what they share is made once

POLICY = "/privatuma-politika/"
# Of the site's own answer for a static file; a front that answers in its place says the same.
SAME = ("Cache-Control", "Content-Security-Policy", "Cross-Origin-Resource-Policy", "X-Content-Type-Options")


@pytest.fixture(scope="module", params=FRONTS)
def front(request: pytest.FixtureRequest, prepared: Image, running: int, clean_folder: Path) -> Iterator[Front]:
    """Before the site of the image."""
    folder = clean_folder / request.param
    folder.mkdir()
    with fronts.running(fronts.make(request.param, folder, [running], prepared.folder)) as it:
        yield it


@pytest.fixture(params=FRONTS)
def front_of_two(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Front]:
    """Before two machines, one of which is dead; the other says what it was asked."""
    with (
        fronts.echo() as alive,
        fronts.running(fronts.make(request.param, tmp_path, [free_port(), alive.server_port], tmp_path)) as it,
    ):
        yield it


def direct(port: int, path: str) -> tuple[http.client.HTTPResponse, bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    connection.request("GET", path, headers={"Host": HOST, "X-Forwarded-Proto": "https"})
    answer = connection.getresponse()
    body = answer.read()
    connection.close()
    return answer, body


@pytest.mark.parametrize("kind", FRONTS)
def test_the_shipped_file_is_valid(kind: str, tmp_path: Path) -> None:
    front = fronts.make(kind, tmp_path, [free_port()], tmp_path)
    result = subprocess.run(front.check, env=front.env, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr
    assert "warn" not in result.stderr.lower(), result.stderr


def test_the_policy_comes_over_https_compressed_by_the_site(front: Front) -> None:
    answer, body = front.ask(POLICY, Accept_Encoding="br")
    assert (answer.status, answer.headers["Content-Encoding"]) == (200, "br")
    assert answer.headers["Strict-Transport-Security"]
    assert answer.headers["Server"] in (None, "nginx"), "no version"
    plain = front.ask(POLICY)[1]
    assert len(body) < len(plain) / 3
    assert f'href="https://{HOST}{POLICY}"'.encode() in plain, "the host and the scheme have reached the site"


def test_http_leads_to_https_and_browsers_may_use_http_2(front: Front) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", front.http_port, timeout=20)
    connection.request("GET", POLICY, headers={"Host": HOST})
    answer = connection.getresponse()
    assert answer.status in (301, 308)
    assert answer.headers["Location"] == f"https://{HOST}{POLICY}"
    connection.close()
    with front.connect("h2", "http/1.1") as secured:
        assert secured.selected_alpn_protocol() == "h2"


def test_static_files_come_from_the_front_with_the_headers_of_the_site(
    front: Front, prepared: Image, running: int
) -> None:
    (handed,) = prepared.place("/static").glob("css/cards.*.css")
    address = f"/static/css/{handed.name}"
    answer, body = front.ask(address, Accept_Encoding="gzip")
    own, own_body = direct(running, address)
    assert answer.headers["Content-Encoding"] == "gzip"
    assert len(body) < len(own_body)
    assert {name: answer.headers[name] for name in SAME} == {name: own.headers[name] for name in SAME}
    earlier = handed.with_name("cards.fedcba987654.css")
    earlier.write_text("/* of an earlier release */")
    assert direct(running, f"/static/css/{earlier.name}")[0].status == 404
    assert front.ask(f"/static/css/{earlier.name}")[0].status == 200
    earlier.unlink()
    missing, page = front.ask("/static/css/site.000000000000.css")
    assert missing.status == 404
    assert b"Lapa nav atrasta" in page, "the site's own page"


def test_probes_are_not_for_the_public(front: Front, running: int) -> None:
    assert direct(running, "/healthz/ready")[1] == b"ok"
    for path in ("/healthz/live", "/healthz/ready", "/metrics"):
        answer, body = front.ask(path)
        assert answer.status == 404
        assert body != b"ok"


def test_a_body_that_is_too_long_is_refused(front: Front) -> None:
    assert front.ask("/sikdatnes/", "POST", b"x" * 200_000)[0].status == 413


def test_a_client_that_sends_its_request_slowly_is_shown_out(front: Front) -> None:
    begun = time.monotonic()
    with front.connect() as slow:  # the time of the shipped file, ten seconds, is one here
        slow.sendall(b"GET / HTTP/1.1\r\nHost: ")
        while slow.recv(1000):
            pass
    assert 0.5 < time.monotonic() - begun < 8
    assert front.ask(POLICY)[0].status == 200


def test_the_site_is_told_the_truth_about_the_client_whatever_it_says(front_of_two: Front) -> None:
    answer = front_of_two.ask("/", X_Forwarded_For="192.0.2.66", X_Forwarded_Proto="http")[1]
    seen: Message = Parser().parsestr(answer.decode())
    assert seen["Host"] == HOST
    assert seen["X-Forwarded-Proto"] == "https"
    assert seen["X-Forwarded-For"] == fronts.CLIENT


def test_a_machine_that_is_dead_costs_no_visitor_a_page(front_of_two: Front) -> None:
    assert {front_of_two.ask("/")[0].status for _ in range(10)} == {200}
