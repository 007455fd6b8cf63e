"""SQLite's one writer, on a database of its own in a file, as a process that serves has it."""

import gc
import os
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.db import DEFAULT_DB_ALIAS, IntegrityError, OperationalError, connection
from django.db.backends.sqlite3.base import DatabaseWrapper

from consent import sqlite_writer
from consent.sqlite_writer import commit

INSERT = "INSERT INTO t (id) VALUES (?)"
OPTIONS = {
    "transaction_mode": "IMMEDIATE",
    "timeout": 10,
    "init_command": "PRAGMA journal_mode=WAL; PRAGMA busy_timeout=50",
}


def database(path: Path) -> DatabaseWrapper:
    made = {**connection.settings_dict, "ENGINE": "django.db.backends.sqlite3", "NAME": str(path)}
    wrapper = DatabaseWrapper(made | {"OPTIONS": OPTIONS, "CONN_MAX_AGE": 600}, "default")
    wrapper.inc_thread_sharing()
    with wrapper.cursor() as cursor:
        cursor.execute("CREATE TABLE t (id integer PRIMARY KEY)")
    return wrapper


@pytest.fixture
def file(db: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[DatabaseWrapper]:
    """A database in a file, which is the site's."""
    monkeypatch.setattr(DatabaseWrapper, "is_in_memory_db", lambda self: False)
    wrapper = database(tmp_path / "db")
    monkeypatch.setattr(sqlite_writer, "connections", {DEFAULT_DB_ALIAS: wrapper})
    sqlite_writer._close()
    yield wrapper
    sqlite_writer._close()
    wrapper.close()


def rows(wrapper: DatabaseWrapper) -> list[int]:
    with wrapper.cursor() as cursor:
        cursor.execute("SELECT id FROM t ORDER BY id")
        return [row[0] for row in cursor.fetchall()]


def test_threads_write_one_after_the_other_on_one_connection(file: DatabaseWrapper) -> None:
    used = set()

    def write(first: int) -> None:
        for number in range(first, first + 25):
            with sqlite_writer.turn:
                assert commit([(INSERT, [number], True)])
                assert sqlite_writer._Writer.wrapper
                used.add(id(sqlite_writer._Writer.wrapper.connection))

    threads = [threading.Thread(target=write, args=[first]) for first in (0, 25, 50, 75)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert rows(file) == list(range(100))
    assert len(used) == 1


def test_where_a_statement_writes_nothing_nothing_is_written(file: DatabaseWrapper) -> None:
    assert not commit([(INSERT, [1], True), ("DELETE FROM t WHERE id = ?", [9], True)])
    assert rows(file) == []
    assert commit([("DELETE FROM t WHERE id = ?", [9], False), (INSERT, [1], True)])
    assert rows(file) == [1]


def test_an_error_is_djangos_undoes_all_and_hinders_nobody_after(file: DatabaseWrapper) -> None:
    with pytest.raises(IntegrityError):
        commit([(INSERT, [1], True), (INSERT, [1], True)])
    assert rows(file) == []
    with pytest.raises(OperationalError):
        commit([("INSERT INTO nowhere (id) VALUES (?)", [1], True)])
    assert commit([(INSERT, [1], True)])
    assert rows(file) == [1]


def test_a_connection_past_its_time_is_opened_anew(file: DatabaseWrapper, monkeypatch: pytest.MonkeyPatch) -> None:
    moment = [1000.0]
    monkeypatch.setattr("time.monotonic", lambda: moment[0])
    commit([(INSERT, [1], True)])
    wrapper = sqlite_writer._Writer.wrapper
    assert wrapper
    first = wrapper.connection
    moment[0] += 599
    commit([(INSERT, [2], True)])
    assert wrapper.connection is first
    moment[0] += 2
    commit([(INSERT, [3], True)])
    assert wrapper.connection is not first
    assert rows(file) == [1, 2, 3]


def test_whatever_interrupts_a_transaction_ends_it(file: DatabaseWrapper, monkeypatch: pytest.MonkeyPatch) -> None:
    written = sqlite_writer._written

    def interrupted(*args: Any) -> bool:
        written(*args)
        raise KeyboardInterrupt

    monkeypatch.setattr(sqlite_writer, "_written", interrupted)
    with pytest.raises(KeyboardInterrupt):
        commit([(INSERT, [1], True)])
    monkeypatch.setattr(sqlite_writer, "_written", written)
    with file.cursor() as cursor:
        cursor.execute(INSERT.replace("?", "%s"), [2])  # nobody holds the database
    assert commit([(INSERT, [3], True)])
    assert rows(file) == [2, 3]


def test_another_database_gets_what_is_its_own(
    file: DatabaseWrapper, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    commit([(INSERT, [1], True)])
    other = database(tmp_path / "other")
    monkeypatch.setattr(sqlite_writer, "connections", {DEFAULT_DB_ALIAS: other})
    commit([(INSERT, [2], True)])
    assert (rows(file), rows(other)) == ([1], [2])
    other.close()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="nothing is forked here")
def test_a_process_that_was_forked_uses_and_closes_none_of_its_parents_connections(file: DatabaseWrapper) -> None:
    commit([(INSERT, [1], True)])
    reading, writing = os.pipe()
    with sqlite_writer.turn:
        pid = os.fork()
        if not pid:
            gc.collect()
            is_new = sqlite_writer._Writer.wrapper is None and sqlite_writer.turn.acquire(timeout=5)
            kept = sqlite_writer._of_the_parent[-1]
            os.write(writing, b"apart" if is_new and kept and kept.connection is not None else b"shared")
            os._exit(0)
    os.waitpid(pid, 0)
    assert os.read(reading, 10) == b"apart"
    assert commit([(INSERT, [2], True)])


def test_what_a_fork_leaves_is_kept_open_and_unused(file: DatabaseWrapper) -> None:
    commit([(INSERT, [1], True)])
    left, before = sqlite_writer._Writer.wrapper, sqlite_writer.turn
    sqlite_writer._forked()
    assert sqlite_writer._of_the_parent[-1] is left
    assert sqlite_writer.turn is not before
    assert commit([(INSERT, [2], True)])
    assert sqlite_writer._Writer.wrapper is not left
    assert left
    left.close()
