"""Fixtures of the front, and of sites on databases of their own."""

import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.db import models
from django.test import Client
from pytest_django import DjangoDbBlocker

from ossnet_site import environment, stamp
from tests import postgres
from tests.site import elsewhere
from tests.site.documented import Server
from tests.site.fronted import Site


@pytest.fixture
def front(visitor: Client) -> Site:
    return Site()


@pytest.fixture
def seconds(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The monotonic clock, moved by hand."""
    seconds = [1000.0]
    monkeypatch.setattr("time.monotonic", lambda: seconds[0])
    stamp.forget()
    return seconds


@pytest.fixture(scope="session")
def lived_in(tmp_path_factory: pytest.TempPathFactory, django_db_blocker: DjangoDbBlocker) -> Path:
    """The SQLite file of a site with some years behind it. Copy it before anything is done to it."""
    file = tmp_path_factory.mktemp("site") / "db.sqlite3"
    with pytest.MonkeyPatch.context() as patch, django_db_blocker.unblock():
        patch.setitem(environment.SQLITE, "synchronous", "OFF")  # the file may be lost with the machine
        build(file)
    return file


def build(file: Path) -> None:
    with elsewhere.site_on(f"sqlite:///{file}"):
        call_command("migrate", verbosity=0, interactive=False)
        elsewhere.live_in()


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """The address of a PostgreSQL server, on which tests make databases of their own."""
    with postgres.server() as address:
        yield address


@pytest.fixture(scope="session")
def server(postgres_server: str) -> Server:
    """The same, where the site's role is no superuser, as docs/deployment.md has it."""
    return Server.at(postgres_server)


@pytest.fixture(scope="session")
def attempts() -> dict[str, str]:
    """What was said of each attempt to move the site before the one that succeeded, and of that one."""
    return {}


@pytest.fixture(scope="session")
def refused(
    lived_in: Path,
    server: Server,
    attempts: dict[str, str],
    tmp_path_factory: pytest.TempPathFactory,
    django_db_blocker: DjangoDbBlocker,
) -> str:
    """The address of the PostgreSQL database that three attempts have left with tables and without content."""
    file = tmp_path_factory.mktemp("refused") / "db.sqlite3"
    shutil.copy(lived_in, file)
    target = server.new()
    with django_db_blocker.unblock():
        with closing(sqlite3.connect(file)) as another:
            another.execute("SELECT COUNT(*) FROM consent_consentrecord").fetchone()
            attempts["open elsewhere"] = what_is_said_of_the_move(file, target)
        with closing(sqlite3.connect(file)) as another, another:
            another.execute("UPDATE consent_cspreport SET document = '/' || char(0)")
        attempts["a character that PostgreSQL has not"] = what_is_said_of_the_move(file, target)
        with closing(sqlite3.connect(file)) as another, another:
            another.execute("UPDATE consent_cspreport SET document = '/'")
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(models.BooleanField, "get_db_prep_save", lambda field, value, connection: True)
            attempts["a value that changed on the way"] = what_is_said_of_the_move(file, target)
    return target


@pytest.fixture(scope="session")
def moved(
    lived_in: Path,
    server: Server,
    refused: str,
    attempts: dict[str, str],
    tmp_path_factory: pytest.TempPathFactory,
    django_db_blocker: DjangoDbBlocker,
) -> str:
    """The address of the PostgreSQL database into which the site has been moved, after the attempts that failed."""
    file, target = tmp_path_factory.mktemp("moved") / "db.sqlite3", server.copy_of(refused)
    shutil.copy(lived_in, file)
    with django_db_blocker.unblock():
        attempts["the last"] = what_is_said_of_the_move(file, target)
    return target


def what_is_said_of_the_move(file: Path, target: str) -> str:
    with elsewhere.site_on(f"sqlite:///{file}"):
        try:
            return elsewhere.run("move_database", target)
        except CommandError as refusal:
            return str(refusal)
