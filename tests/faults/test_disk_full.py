"""The disk under SQLite is full: decisions say so, nothing breaks, and with room again everything goes on."""

import subprocess
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from shutil import copyfile, disk_usage

import pytest

from tests.faults.conftest import Site, environment
from tests.faults.instance import Instance, get, until
from tests.faults.load import (
    POLICY,
    Load,
    assert_every_page_was_there,
    assert_nothing_lost_or_doubled,
    cookie_of,
    decide,
    disclosure,
)
from tests.faults.programs import missing

pytestmark = [pytest.mark.faults, pytest.mark.xdist_group("sqlite")]
SIZE = 6  # MB; the prepared file takes one


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of its own, in memory. Only root may mount one, and not in every container."""
    folder = tmp_path / "disk"
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", f"size={SIZE}m", "tmpfs", str(folder)]
    if subprocess.run(command, capture_output=True, check=False).returncode != 0:
        missing("a small disk cannot be mounted here, which takes the rights of root")
    yield folder
    subprocess.run(["umount", "--lazy", str(folder)], check=True)


@pytest.fixture
def site(small_disk: Path, prepared_file: Path, tmp_path: Path) -> Site:
    copyfile(prepared_file, small_disk / "site.sqlite3")
    return Site(environment(f"sqlite:///{small_disk}/site.sqlite3"), tmp_path)


def fill(file: Path) -> None:
    """Until not one byte more fits."""
    with file.open("ab", buffering=0) as ballast:
        for size in (65536, 1):
            with suppress(OSError):
                while ballast.write(b"x" * size):
                    pass


def test_a_full_disk_loses_nothing_and_claims_nothing(
    site: Site, small_disk: Path, run: Callable[..., Instance]
) -> None:
    instance = run(site)
    ballast = small_disk / "ballast"
    words = disclosure(instance.port)
    with Load((instance.port,)) as load:
        load.go_on()
        fill(ballast)
        assert not disk_usage(small_disk).free
        until(lambda: load.statuses[503] > 20, "decisions that say so")
        answer = decide(instance.port, "reject_all", words, "/full/", address="/en/cookies/")
        assert answer.status == 503
        assert "it has not been saved" in answer.text
        assert not cookie_of(answer)
        for path in ("/", POLICY, "/sikdatnes/", "/en/cookies/", "/privatuma-politika/versijas/", "/healthz/live"):
            assert get(instance.port, path).status == 200, path
        ballast.unlink()
        load.go_on()
    assert_nothing_lost_or_doubled(load, site.inside("outcome"))
    assert load.statuses.keys() == {303, 503}
    assert_every_page_was_there(load)
    assert "Traceback" not in instance.said()
