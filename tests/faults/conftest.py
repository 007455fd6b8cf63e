"""Fixtures of the tests of faults: databases, instances of the site and the front, all real processes.

Of the two processes that run the tests, one has those on PostgreSQL (``xdist_group``) and the other those on SQLite:
each database is prepared once. Whichever is done first takes the server that is frozen, which is one of its own.
"""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from shutil import copyfile
from typing import Any

import pytest

from tests.benchmarks import bench
from tests.faults import database
from tests.faults.database import Postgres
from tests.faults.instance import Instance
from tests.faults.programs import ROOT

TEMPLATE = "prepared"


def environment(database: str) -> dict[str, str]:
    """A deployment behind a front that ends TLS, with static files as they lie in the repository."""
    return bench.environment(database) | {"DJANGO_SETTINGS_MODULE": "tests.faults.settings"}


@dataclass(frozen=True)
class Site:
    """A deployment: its environment, and a folder for what its processes write."""

    env: dict[str, str]
    folder: Path

    def inside(self, name: str, *arguments: str) -> Any:
        """What ``tests.faults.inside`` says."""
        return inside(self.env, name, *arguments)


def inside(env: dict[str, str], name: str, *arguments: str) -> Any:
    """Run a part of ``tests.faults.inside`` in an environment."""
    command = [sys.executable, "-m", "tests.faults.inside", name, *arguments]
    result = subprocess.run(command, cwd=ROOT, env={**os.environ, **env}, check=True, stdout=subprocess.PIPE)
    return json.loads(result.stdout)


@pytest.fixture(scope="session")
def server() -> Iterator[Postgres]:
    """A server with one database that is up to date; a test copies it."""
    with database.server() as server:
        inside(environment(server.copy("template1", TEMPLATE)), "prepare")
        yield server


@pytest.fixture
def on_postgresql(server: Postgres, tmp_path: Path) -> Site:
    """A site with a database of its own."""
    name = f"site_{abs(hash(tmp_path)):x}"
    return Site(environment(server.copy(TEMPLATE, name)), tmp_path)


@pytest.fixture(scope="session")
def prepared_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file of SQLite that is up to date."""
    file = tmp_path_factory.mktemp("prepared") / "site.sqlite3"
    inside(environment(f"sqlite:///{file}"), "prepare")
    return file


@pytest.fixture
def on_sqlite(prepared_file: Path, tmp_path: Path) -> Site:
    """The same on SQLite."""
    file = tmp_path / "site.sqlite3"
    copyfile(prepared_file, file)
    return Site(environment(f"sqlite:///{file}"), tmp_path)


@pytest.fixture
def run() -> Iterator[Callable[..., Instance]]:
    """Starts instances of a site, and ends them with the test, whatever has become of them."""
    begun: list[Instance] = []

    def start(site: Site, *, begins: bool = True, waits: bool = True, **options: Any) -> Instance:
        begun.append(Instance(site.env, site.folder / f"log-{len(begun)}", **options))
        if begins:
            begun[-1].begin()
        if begins and waits:
            begun[-1].wait()
        return begun[-1]

    yield start
    for instance in begun:
        instance.kill_all()
