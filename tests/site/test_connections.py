"""Real workers: whoever says nothing, or says it slowly, takes nothing from the others."""

import json
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.request import Request, urlopen

import pytest

from tests.environment import child_environment

pytestmark = pytest.mark.once

ROOT = Path(__file__).resolve().parents[2]
MEMORY = Path("/dev/shm" if os.path.isdir("/dev/shm") else tempfile.gettempdir())  # noqa: S108
TOKEN = "Vt7mQz2Lw9Xc4Rb6Np8Kd3Hs5Jf1Gy0Tu"
GET = b"GET /robots.txt HTTP/1.1\r\nHost: localhost\r\n\r\n"
PATIENCE = 1.5  # seconds, of tests.site.impatient
PROBE = GET.replace(b"/robots.txt", b"/healthz/live")


@dataclass
class Served:
    """gunicorn with ``gunicorn.conf.py``."""

    port: int
    process: subprocess.Popen[str]

    def connect(self, said: bytes = b"") -> socket.socket:
        """A connection on which something has been said."""
        connection = socket.create_connection(("127.0.0.1", self.port), timeout=5)
        connection.sendall(said)
        return connection

    def answer(self, said: bytes = GET, *, within: float = 2.0) -> bytes:
        """What comes back at first; TimeoutError when nothing does."""
        with self.connect(said) as connection:
            connection.settimeout(within)
            return connection.recv(65536)

    def whole(self, said: bytes) -> bytes:
        """All that comes back until the other side closes."""
        with self.connect(said) as connection:
            return heard(connection)

    def workers(self) -> list[str]:
        """The process ids of the workers there are."""
        return Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()

    def stop(self) -> str:
        """What it said meanwhile."""
        self.process.terminate()
        return self.process.communicate(timeout=20)[1]


def heard(connection: socket.socket, end: bytes = b"never", times: int = 1) -> bytes:
    """What comes, until ``end`` has come so often, or the other side closes."""
    data = b""
    while data.count(end) < times and (more := connection.recv(65536)):
        data += more
    return data


@contextmanager
def served(application: str, *options: str, **variables: str) -> Iterator[Served]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    command = [sys.executable, "-m", "gunicorn", "--bind", f"127.0.0.1:{port}", *options, application]
    env = child_environment() | {"ALLOWED_HOSTS": "localhost"} | variables
    process = subprocess.Popen(command, cwd=ROOT, env=env, stderr=subprocess.PIPE, text=True)
    try:
        site = Served(port, process)
        for _attempt in range(200):
            try:
                site.answer(within=5)
                break
            except OSError:
                time.sleep(0.05)
        yield site
    finally:
        if process.poll() is None:
            process.terminate()  # a process that is killed leaves its folder of numbers
        try:
            process.communicate(timeout=20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """The site, with two workers, numbers and lines, on a database without tables."""
    database = f"sqlite:///{tmp_path_factory.mktemp('site') / 'db.sqlite3'}"
    with served(
        "ossnet_site.wsgi",
        "--workers=2",
        DATABASE_URL=database,
        METRICS_TOKEN=TOKEN,
        LOG_REQUESTS="True",
        DJANGO_SETTINGS_MODULE="tests.faults.settings",
    ) as s:
        yield s


@pytest.fixture(scope="module")
def gate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What hangs in the impatient worker hangs until this file is there."""
    return tmp_path_factory.mktemp("gate") / "open"


@pytest.fixture(scope="module")
def impatient(gate: Path) -> Iterator[Served]:
    """One worker with room for 60 connections, which waits a moment where the site's waits long."""
    options = ("--workers=1", "--worker-connections=60")
    with served("tests.site.impatient", *options, PATIENCE=str(PATIENCE), LET_GO=str(gate)) as s:
        yield s


@pytest.fixture
def let_go(gate: Path) -> Iterator[Path]:
    """The gate, shut; after the test nothing hangs any more."""
    gate.unlink(missing_ok=True)
    yield gate
    gate.touch()


def test_a_thousand_silent_connections_do_not_keep_others_waiting(site: Served) -> None:
    with ExitStack() as idle:
        for _thousand in range(1000):
            idle.enter_context(site.connect())
        for _ten in range(10):
            assert site.answer().startswith(b"HTTP/1.1 200 OK")


@pytest.mark.parametrize(
    "said",
    [
        b"GET / HTTP/1.1\r\nHost: local",
        b"POST /sikdatnes/ HTTP/1.1\r\nHost: localhost\r\nContent-Length: 500\r\n\r\ndecision=",
        GET + b"GET / HT",
        GET.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n"),
    ],
    ids=["half a head", "half a form", "half of a second request", "answered, and does not close"],
)
def test_whoever_is_slow_takes_no_thread_from_others(site: Served, said: bytes) -> None:
    with ExitStack() as slow:
        for _forty in range(40):
            slow.enter_context(site.connect(said))
        for _ten in range(10):
            assert site.answer(within=1).startswith(b"HTTP/1.1 200 OK")


def test_all_workers_together_say_how_much_there_was(site: Served) -> None:
    def counted() -> float:
        request = Request(f"http://127.0.0.1:{site.port}/metrics", headers={"Authorization": f"Bearer {TOKEN}"})
        with urlopen(request) as answer:  # noqa: S310 - our own loopback address
            lines = answer.read().decode().splitlines()
        start = 'ossnet_requests_total{route="/robots.txt",status="200"}'
        return sum(float(line.removeprefix(start)) for line in lines if line.startswith(start))

    earlier, before = -1.0, counted()
    while earlier != before:  # what the slow ones asked for before this test may still be on its way
        time.sleep(0.3)
        earlier, before = before, counted()
    for _forty in range(40):
        site.answer()
    assert [counted() for _ten in range(10)] == [before + 40] * 10, "whichever worker is asked"


def test_what_comes_in_pieces_is_one_request(impatient: Served) -> None:
    whole = b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\ndecision="
    with impatient.connect() as connection:
        for place in range(len(whole)):
            connection.sendall(whole[place : place + 1])
        assert heard(connection, b"\r\n\r\n9").endswith(b"\r\n\r\n9")
        connection.sendall(whole + whole)
        assert heard(connection, b"\r\n\r\n9", times=2).endswith(b"\r\n\r\n9")


def test_a_long_body_is_read_to_its_end_and_one_that_ends_early_is_none(impatient: Served) -> None:
    head = b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 200000\r\n\r\n"
    assert impatient.whole(head + b"x" * 200_000).endswith(b"200000")
    with impatient.connect(head + b"x" * 199_999) as connection:
        connection.shutdown(socket.SHUT_WR)
        assert heard(connection).endswith(b"ConnectionResetError")
    assert impatient.whole(head + b"x" * 199_999).endswith(b"TimeoutError")


def test_a_short_form_that_ends_early_is_not_answered_as_a_shorter_one(impatient: Served) -> None:
    with impatient.connect(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 90\r\n\r\ndecision=save") as connection:
        connection.shutdown(socket.SHUT_WR)
        assert connection.recv(65536) == b""


def test_who_asks_whether_to_go_on_is_told_to(impatient: Served) -> None:
    head = b"POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n"
    with impatient.connect(head) as connection:
        assert connection.recv(65536) == b"HTTP/1.1 100 Continue\r\n\r\n"
        connection.sendall(b"abc")
        assert heard(connection, b"\r\n\r\n3").endswith(b"\r\n\r\n3")


def test_who_asks_that_on_a_connection_that_is_over_ends_nothing(impatient: Served) -> None:
    asking = b"POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n"
    workers = impatient.workers()
    with impatient.connect(GET.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n")) as connection:
        assert heard(connection).startswith(b"HTTP/1.1 200 OK")
        connection.sendall(asking)
        time.sleep(0.1)
        assert impatient.answer().startswith(b"HTTP/1.1 200 OK")
    assert impatient.workers() == workers


def test_who_does_not_go_on_is_dropped(impatient: Served) -> None:
    started = time.monotonic()
    with ExitStack() as slow:
        halves = (b"", b"GET / HT", b"POST / HTTP/1.1\r\nContent-Length: 5\r\n\r\nabc")
        for connection in [slow.enter_context(impatient.connect(half)) for half in halves]:
            assert connection.recv(65536) == b""
    assert time.monotonic() - started > PATIENCE * 0.9


def test_who_reads_slowly_is_dropped_and_takes_only_its_own_thread_meanwhile(impatient: Served) -> None:
    with ExitStack() as slow:
        for _three in range(3):
            slow.enter_context(impatient.connect(b"GET /much HTTP/1.1\r\nHost: a\r\n\r\n"))
        time.sleep(0.1)
        assert impatient.answer(within=PATIENCE * 0.8).startswith(b"HTTP/1.1 200 OK")
    with ExitStack() as slow:
        for _four in range(4):
            slow.enter_context(impatient.connect(b"GET /much HTTP/1.1\r\nHost: a\r\n\r\n"))
        assert impatient.answer(within=10).startswith(b"HTTP/1.1 200 OK")


def test_a_probe_is_answered_though_every_thread_hangs(impatient: Served, let_go: Path) -> None:
    with ExitStack() as stack:
        hanging = [stack.enter_context(impatient.connect(b"GET /hang HTTP/1.1\r\nHost: a\r\n\r\n")) for _ in range(4)]
        assert impatient.answer(PROBE, within=10).startswith(b"HTTP/1.1 200 OK")
        with pytest.raises(TimeoutError):
            impatient.answer(within=0.5)
        let_go.touch()
        assert all(connection.recv(65536).startswith(b"HTTP/1.1 200 OK") for connection in hanging)


@pytest.mark.parametrize("address", [b"/healthz/../hang", b"/healthz/live/../../hang", b"/metrics/../hang"])
def test_an_address_that_only_begins_like_a_probe_s_takes_no_probe_s_thread(
    impatient: Served, let_go: Path, address: bytes
) -> None:
    with impatient.connect(b"GET " + address + b" HTTP/1.1\r\nHost: a\r\n\r\n") as hanging:
        time.sleep(0.1)
        assert impatient.answer(PROBE, within=10).startswith(b"HTTP/1.1 200 OK")
        let_go.touch()
        assert hanging.recv(65536).startswith(b"HTTP/1.1 200 OK")


def test_where_there_is_no_room_whoever_was_silent_longest_gives_way(impatient: Served) -> None:
    with ExitStack() as idle:
        first = idle.enter_context(impatient.connect())
        for _hundred in range(100):
            idle.enter_context(impatient.connect())
        assert impatient.answer(within=PATIENCE * 0.8).startswith(b"HTTP/1.1 200 OK"), "room is made at once"
        assert first.recv(1) == b""


def test_a_head_that_never_ends_is_refused_though_it_is_sent_slowly(site: Served) -> None:
    with site.connect(b"GET / HTTP/1.1\r\nX: ") as connection:
        for _seventy in range(70):
            connection.sendall(b"y" * 1000)
        assert connection.recv(65536).startswith(b"HTTP/1.1 431 ")
    assert site.answer(b"GET /" + b"x" * 70_000).startswith(b"HTTP/1.1 414 ")


def test_every_line_is_json_and_says_nothing_of_who_was_there_and_the_end_is_quick(site: Served) -> None:
    site.answer(b"GET /kontakti/?vards=Anna HTTP/1.1\r\nHost: localhost\r\nCookie: a=Anna\r\nReferer: Anna\r\n\r\n")
    site.answer(b"Anna\r\n\r\n")
    counted = [path for child in site.workers() for path in MEMORY.glob(f"ossnet-metrics-*/counter_{child}.db")]
    assert counted
    with site.connect(GET) as kept, site.connect():
        assert kept.recv(65536)
        started = time.monotonic()
        said = site.stop()
    assert time.monotonic() - started < 8
    lines = [json.loads(line) for line in said.splitlines()]
    assert {"ossnet_site.requests", "gunicorn.error", "django.request"} <= {line["logger"] for line in lines}
    assert not any(word in said for word in ("Anna", "127.0.0.1", "?", os.environ["SECRET_KEY"], TOKEN))
    assert not any(path.parent.exists() for path in counted)
