"""SQLite's one writer, on a database of its own in a file, as a process that serves has it."""

import errno
import gc
import os
import sqlite3
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


class Disk:
    """What is asked of the disk, and whether it can."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.is_broken = False

    def take(self, file: int) -> None:
        self.asked.append(os.readlink(f"/proc/self/fd/{file}"))
        if self.is_broken:
            raise OSError(errno.EIO, os.strerror(errno.EIO))


@pytest.fixture
def disk(monkeypatch: pytest.MonkeyPatch) -> Disk:
    made = Disk()
    monkeypatch.setattr(os, "fdatasync", made.take)
    return made


def durability() -> int:
    assert sqlite_writer._Writer.wrapper
    (mode,) = sqlite_writer._Writer.wrapper.connection.execute("PRAGMA synchronous").fetchone()
    return int(mode)


NORMAL, FULL = 1, 2


def test_what_is_gathered_is_several_transactions_and_one_wait_for_the_disk(
    file: DatabaseWrapper, disk: Disk, tmp_path: Path
) -> None:
    with sqlite_writer.gathered():
        for number in range(3):
            commit([(INSERT, [number], True)])
            assert rows(file)[-1] == number, "each is committed by itself"
        assert not commit([("DELETE FROM t WHERE id = ?", [9], True)])
        assert durability() == NORMAL
        assert disk.asked == []
    assert disk.asked == [str(tmp_path / "db-wal")]
    commit([(INSERT, [3], True)])
    assert durability() == FULL, "by itself each waits"
    assert len(disk.asked) == 1
    with sqlite_writer.gathered():
        pass
    assert len(disk.asked) == 1, "nothing was written"


def test_what_one_thread_gathers_is_nothing_to_the_others(file: DatabaseWrapper, disk: Disk) -> None:
    def write() -> None:
        commit([(INSERT, [2], True)])
        modes.append(durability())

    modes: list[int] = []
    with sqlite_writer.gathered():
        commit([(INSERT, [1], True)])
        other = threading.Thread(target=write)
        other.start()
        other.join()
    assert modes == [FULL]
    assert rows(file) == [1, 2]


def test_where_the_disk_fails_nobody_is_told_until_the_log_has_reached_the_database(
    file: DatabaseWrapper, disk: Disk, tmp_path: Path
) -> None:
    disk.is_broken = True
    with pytest.raises(OperationalError, match="Input/output error"), sqlite_writer.gathered():
        commit([(INSERT, [1], True)])
    reader = sqlite3.connect(tmp_path / "db")
    reader.execute("BEGIN")
    reader.execute("SELECT * FROM t").fetchall()
    with pytest.raises(OperationalError, match="locked"):
        commit([(INSERT, [2], True)])
    reader.close()
    commit([(INSERT, [3], True)])
    assert rows(file) == [1, 3]
    assert len(disk.asked) == 1


def test_without_a_log_each_waits_for_the_disk(
    file: DatabaseWrapper, disk: Disk, monkeypatch: pytest.MonkeyPatch
) -> None:
    sqlite_writer._close()
    file.connection.execute("PRAGMA journal_mode=DELETE")
    file.settings_dict["OPTIONS"] = {}
    with sqlite_writer.gathered():
        commit([(INSERT, [1], True)])
        assert durability() == FULL
    sqlite_writer.make_safe()
    assert disk.asked == []


def test_whoever_names_what_another_wrote_a_moment_ago_makes_it_safe(
    file: DatabaseWrapper, disk: Disk, tmp_path: Path
) -> None:
    sqlite_writer.make_safe()
    assert disk.asked == [str(tmp_path / "db-wal")]
