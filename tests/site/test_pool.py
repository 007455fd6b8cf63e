"""Connections to PostgreSQL: from a pool, given back, replaced when broken; a server that is away is said at once."""

import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from django.db import OperationalError, connection, connections
from django.db.utils import InterfaceError
from psycopg import sql
from pytest_django import DjangoDbBlocker

from ossnet_site import environment
from tests.environment import child_environment
from tests.site import elsewhere

pytestmark = pytest.mark.once
ROOT = Path(__file__).resolve().parents[2]
SHORT = 1.0  # seconds; a pool left to itself would take three for each question


@pytest.fixture
def address(postgres_server: str, django_db_blocker: DjangoDbBlocker) -> Iterator[str]:
    """An empty database that the site uses."""
    made = elsewhere.newly_created(postgres_server)
    with django_db_blocker.unblock(), elsewhere.site_on(made):
        yield made


def pool() -> Any:
    wrapper: Any = connections["default"]
    return wrapper.pool


def backend() -> int:
    """The server's process on the other end."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        found: int = cursor.fetchone()[0]
        return found


def end_all(address: str) -> None:
    """What a restart of the server does to the connections there are."""
    ending = sql.SQL("SELECT pg_terminate_backend(pid, 1000) FROM pg_stat_activity WHERE datname = {}")
    elsewhere.execute(elsewhere.maintenance(address), ending.format(elsewhere.name_of(address)))


def let_in(address: str, *, is_open: bool) -> None:
    """Whether the server accepts connections to the database."""
    statement = sql.SQL("ALTER DATABASE {} ALLOW_CONNECTIONS {}")
    name = sql.Identifier(elsewhere.name_of(address))
    elsewhere.execute(elsewhere.maintenance(address), statement.format(name, sql.Literal(is_open)))


def test_a_connection_that_is_given_back_is_the_next_ones(address: str) -> None:
    first = backend()
    connection.close()
    assert pool().get_stats()["pool_available"] == 1
    assert backend() == first
    assert pool().get_stats()["pool_size"] == 1


def test_django_gives_it_back_after_each_request(address: str) -> None:
    backend()
    connection.close_if_unusable_or_obsolete()
    assert connection.connection is None
    assert pool().get_stats()["pool_available"] == 1


def test_threads_have_connections_of_their_own_and_no_more_than_there_are_threads(address: str) -> None:
    together, found = threading.Barrier(4), []

    def ask() -> None:
        for _time in range(3):
            with suppress(threading.BrokenBarrierError):
                together.wait(timeout=5)
            found.append(backend())
            connection.close()

    threads = [threading.Thread(target=ask) for _number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 12
    assert len(set(found)) <= 4
    assert pool().get_stats()["pool_size"] <= 4


def test_broken_connections_are_replaced_without_an_error_or_a_wait(address: str) -> None:
    """After a restart of the server all of a process's are broken at once, those that wait in the pool too."""
    held = []
    for _number in range(4):
        connections["default"].ensure_connection()
        held.append(connections["default"])
        connections["default"] = connections.create_connection("default")
    for wrapper in held:
        wrapper.close()
    assert pool().get_stats()["pool_available"] == 4
    end_all(address)
    started = time.monotonic()
    assert backend()
    assert time.monotonic() - started < SHORT


def test_a_server_that_is_away_says_so_at_once_each_time_and_is_found_when_it_is_back(address: str) -> None:
    before = backend()
    connection.close()
    let_in(address, is_open=False)
    end_all(address)
    for _question in range(4):
        started = time.monotonic()
        with pytest.raises(OperationalError):
            backend()
        assert time.monotonic() - started < SHORT
    let_in(address, is_open=True)
    started = time.monotonic()
    assert backend() != before
    assert time.monotonic() - started < SHORT


def test_a_connection_that_breaks_while_it_is_held_costs_one_error(address: str) -> None:
    backend()
    end_all(address)
    with pytest.raises((OperationalError, InterfaceError)):
        backend()
    connection.close_if_unusable_or_obsolete()
    assert backend()


FORKS = """
import os, sys, threading
from tests import environment
os.environ["ALLOWED_HOSTS"] = "localhost"
environment.pytest_configure()
from ossnet_site.wsgi import application
from django.db import connection
from django.db.backends.postgresql.base import DatabaseWrapper
assert not DatabaseWrapper._connection_pools, "a pool is left before the fork"
assert threading.active_count() == 1, threading.enumerate()
children = []
for _number in range(2):
    read, write = os.pipe()
    child = os.fork()
    if not child:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_backend_pid()")
            os.write(write, str(cursor.fetchone()[0]).encode())
        connection.close()
        connection.close_pool()
        os._exit(0)
    children.append(os.read(read, 100))
    assert os.waitpid(child, 0)[1] == 0
assert len(set(children)) == 2, children
print("apart")
"""


def test_forked_workers_have_pools_of_their_own(moved: str) -> None:
    """As gunicorn forks them from the process that has made every page once."""
    variables = child_environment() | {"TEST_DATABASE_URL": moved, "PYTHONPATH": str(ROOT)}
    run = subprocess.run(
        [sys.executable, "-W", "error", "-c", FORKS],
        env=variables, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert (run.stdout, run.stderr) == ("apart\n", "")


def test_a_management_command_ends_without_a_word_of_its_pool(moved: str) -> None:
    variables = child_environment() | {"DATABASE_URL": moved, "ALLOWED_HOSTS": "localhost"}
    run = subprocess.run(
        [sys.executable, "-W", "error", "manage.py", "verify_policy"],
        env=variables, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert run.stderr == ""
    assert "The policy holds: 2 published texts" in run.stdout


def test_the_pool_holds_a_connection_for_each_thread_of_a_worker() -> None:
    gunicorn: dict[str, Any] = {}
    exec((ROOT / "gunicorn.conf.py").read_text(), gunicorn)  # noqa: S102 - our own file, as gunicorn reads it
    assert SimpleNamespace(**gunicorn).threads <= environment.POOL["max_size"]


def test_the_address_can_say_what_a_pooler_of_transactions_needs() -> None:
    """PgBouncer: no cursor outlives a transaction, no statement is prepared, and a pool of ours is not needed."""
    address = "postgres://name:password@pooler:6432/site?DISABLE_SERVER_SIDE_CURSORS=True"
    config = environment.database(address)
    assert config["DISABLE_SERVER_SIDE_CURSORS"] is True
    wrapper: Any = connections.create_connection("default")
    wrapper.settings_dict = connections.databases["default"] | config
    if wrapper.vendor == "postgresql":  # else the tests run on SQLite
        assert wrapper.get_connection_params()["prepare_threshold"] is None
    assert os.environ["DATABASE_URL"] != address
