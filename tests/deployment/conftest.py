"""The image, laid out once, and the site that runs in it."""

import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

import pytest
import yaml

from tests.deployment import container
from tests.deployment.container import ROOT, Image
from tests.site.test_settings import KEY, SIGNING_KEY

HOST = "ossnet.example"
# As compose.yaml and the systemd units give them; only the database is another one.
SETTINGS = {
    "SECRET_KEY": KEY,
    "CONSENT_SIGNING_KEYS": SIGNING_KEY,
    "ALLOWED_HOSTS": HOST,
    "BEHIND_TLS_PROXY": "True",
    "WEB_CONCURRENCY": "1",
}


@pytest.fixture(scope="session")
def clean_folder() -> Iterator[Path]:
    """One that is gone afterwards, unlike pytest's own."""
    with tempfile.TemporaryDirectory(prefix="image-") as folder:
        yield Path(folder)


@pytest.fixture(scope="session")
def image(clean_folder: Path) -> Image:
    return container.build((ROOT / "Dockerfile").read_text(), clean_folder)


def prepare_command() -> list[str]:
    """What ``compose.yaml`` has run before the site starts."""
    services = yaml.safe_load((ROOT / "compose.yaml").read_text())["services"]
    command: list[str] = services["prepare"]["command"]
    return command


@pytest.fixture(scope="session")
def prepared(image: Image) -> Image:
    result = image.run(prepare_command(), env=SETTINGS)
    assert result.returncode == 0, result.stdout + result.stderr
    return image


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        number: int = probe.getsockname()[1]
        return number


@contextmanager
def serving(image: Image, port: int, errors: int | None = None) -> Iterator[subprocess.Popen[bytes]]:
    """The image's own command, on loopback alone."""
    command = image.process([*image.command, "--bind", f"127.0.0.1:{port}"], env=SETTINGS | {"PORT": str(port)})
    process = subprocess.Popen(**command, stderr=errors)
    try:
        wait_for(f"http://127.0.0.1:{port}/healthz/live", process)
        yield process
    finally:
        process.terminate()
        process.wait(40)


def wait_for(address: str, process: subprocess.Popen[bytes]) -> None:
    for _attempt in range(200):
        assert process.poll() is None, "it ended at once"
        try:
            urlopen(address, timeout=5).close()  # noqa: S310 - our own loopback address
        except URLError:
            time.sleep(0.05)
        else:
            return
    raise AssertionError(f"{address} did not answer")


@pytest.fixture(scope="session")
def running(prepared: Image) -> Iterator[int]:
    """The port of the site as the image serves it."""
    port = free_port()
    with serving(prepared, port):
        yield port
