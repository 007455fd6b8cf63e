"""``bin/serve`` as a person runs it: in a folder of its own, stopped with Ctrl-C."""

import os
import re
import shutil
import signal
import socket
import stat
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

import pytest

from tests.site.test_settings import KEY, SIGNING_KEY

pytestmark = pytest.mark.once

ROOT = Path(__file__).resolve().parents[2]
PARTS = ["bin", "ossnet_site", "privacy", "consent", "templates", "static", "locale", "gunicorn.conf.py", "manage.py"]


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A copy of the site without .env and database; the packages are those of the tests."""
    for name in (*PARTS, "requirements.lock", "requirements-dev.lock"):
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, tmp_path / name)
    (tmp_path / ".venv").symlink_to(ROOT / ".venv")
    return tmp_path


@pytest.fixture
def port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        number: int = probe.getsockname()[1]
        return number


def environment(port: int | str, **more: str) -> dict[str, str]:
    return {"PATH": os.environ["PATH"], "HOME": os.environ.get("HOME", "/"), "PORT": str(port), **more}


def serve(copy: Path, port: int | str, **more: str) -> subprocess.CompletedProcess[str]:
    """For a start that must fail."""
    return subprocess.run(
        [copy / "bin" / "serve"], env=environment(port, **more), capture_output=True, text=True, timeout=60, check=False
    )


@pytest.fixture
def running(copy: Path, port: int) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(
        [copy / "bin" / "serve"],
        env=environment(port),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    yield process
    if process.poll() is None:  # a worker that outlives its master would hold the pipe open
        os.killpg(process.pid, signal.SIGKILL)
    process.communicate()


def wait_for(address: str) -> bytes:
    for _attempt in range(300):
        try:
            with urlopen(address) as answer:  # noqa: S310 - our own loopback address
                content: bytes = answer.read()
                return content
        except URLError:
            time.sleep(0.1)
    raise AssertionError(f"{address} did not answer")


def raw_answer(port: int, request: bytes) -> bytes:
    with socket.create_connection(("127.0.0.1", port), timeout=20) as connection:
        connection.sendall(request)
        return b"".join(iter(lambda: connection.recv(65536), b""))


def test_one_command_serves_the_policy_and_ctrl_c_stops_it(
    copy: Path, port: int, running: subprocess.Popen[str]
) -> None:
    assert "apņemas aizsargāt" in wait_for(f"http://127.0.0.1:{port}/privatuma-politika/").decode()
    assert "Hotjar" in wait_for(f"http://127.0.0.1:{port}/sikdatnes/").decode()
    style, *_others = re.findall(r'href="(/static/css/[^"]+)"', wait_for(f"http://127.0.0.1:{port}/").decode())
    assert wait_for(f"http://127.0.0.1:{port}{style}")
    too_long = raw_answer(port, b"GET /?" + b"x" * 5000 + b" HTTP/1.1\r\n\r\n").decode()
    assert too_long.startswith("HTTP/1.1 414 ")
    assert "\r\nContent-Security-Policy: default-src 'none'; " in too_long
    assert "Adrese ir pārāk gara" in too_long
    rooted = b"GET /x/admin/ HTTP/1.1\r\nHost: 127.0.0.1\r\nSCRIPT_NAME: /x\r\nConnection: close\r\n\r\n"
    assert raw_answer(port, rooted).startswith(b"HTTP/1.1 404 "), "no client says where the site begins"
    running.send_signal(signal.SIGINT)
    # Seconds; a worker that was just being forked misses the signal, and gunicorn ends it after 30.
    output, _nothing = running.communicate(timeout=50)
    assert running.returncode == 0
    assert f"http://127.0.0.1:{port}/" in output
    assert "createsuperuser" in output
    assert "Refused a malformed request: LimitRequestLine" in output
    assert output.count("127.0.0.1") == 1, "no line names a visitor's address"
    assert len(output.splitlines()) < 10, output
    env_file = copy / ".env"
    assert stat.S_IMODE(env_file.stat().st_mode) == 0o600
    assert len(re.findall(r"^SECRET_KEY=\S{50,}$", env_file.read_text(), re.MULTILINE)) == 1
    assert len(re.findall(r"^CONSENT_SIGNING_KEYS=\S{43}$", env_file.read_text(), re.MULTILINE)) == 1


def test_a_second_start_keeps_what_the_first_one_wrote(copy: Path, port: int) -> None:
    (copy / ".env").write_text("SECRET_KEY=" + KEY + "\nHTTPS=False\nHOTJAR_SITE_ID=x\n")
    result = serve(copy, port)
    assert result.returncode != 0
    assert result.stderr.splitlines()[-1].startswith("serve: HOTJAR_SITE_ID is malformed")
    assert len(result.stderr.splitlines()) == 1
    assert "HOTJAR_SITE_ID=x" in (copy / ".env").read_text()


def test_a_file_from_before_there_were_signed_receipts_gets_a_key_once(copy: Path, port: int) -> None:
    before = "SECRET_KEY=" + KEY + "\nHTTPS=False\nHOTJAR_SITE_ID=x"  # stops the start, after the file is written
    (copy / ".env").write_text(before)
    assert serve(copy, port, CONSENT_SIGNING_KEYS=SIGNING_KEY).returncode != 0
    assert (copy / ".env").read_text() == before, "a key of the environment is enough"
    assert serve(copy, port).stdout.splitlines()[-1] == "Added CONSENT_SIGNING_KEYS to .env"
    after = (copy / ".env").read_text()
    assert re.fullmatch(re.escape(before) + r"\nCONSENT_SIGNING_KEYS=[\w-]{43}\n", after)
    serve(copy, port)
    assert (copy / ".env").read_text() == after


def test_a_database_that_cannot_be_used_is_one_clear_line(copy: Path, port: int) -> None:
    result = serve(copy, port, DATABASE_URL="sqlite:////no/such/folder/site.sqlite3")
    assert result.returncode != 0
    assert result.stderr == "serve: DATABASE_URL cannot be used: unable to open database file\n"


def test_no_worker_at_all_is_one_clear_line(copy: Path, port: int) -> None:
    result = serve(copy, port, WEB_CONCURRENCY="0")
    assert result.returncode != 0
    assert "WEB_CONCURRENCY must be a whole number from 1 to 1200, not '0'" in result.stderr


def test_a_taken_port_is_one_clear_line(copy: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        number = taken.getsockname()[1]
        result = serve(copy, number)
    assert result.returncode != 0
    assert result.stderr == (
        f"serve: cannot listen on 127.0.0.1:{number}: Address already in use (choose another with PORT)\n"
    )


@pytest.mark.parametrize("port", ["http", "0", "65536", "-1", "٨"])
def test_a_port_that_is_none_is_one_clear_line(copy: Path, port: str) -> None:
    result = serve(copy, port)
    assert result.returncode != 0
    assert result.stderr == f"serve: PORT must be a number from 1 to 65535, not {port!r}\n"


def test_a_missing_python_is_one_clear_line(copy: Path, port: int) -> None:
    (copy / ".venv").unlink()
    result = serve(copy, port, PYTHON="no-such-python")
    assert result.returncode != 0
    assert result.stderr == "serve: Python 3.11 or newer is needed and was not found (set PYTHON to its path)\n"
