"""Decisions that wait for the disk together: nobody is told of what a power cut could undo."""

# ruff: noqa: F811 - a fixture is taken from another module

import errno
import os
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from unittest.mock import Mock

import pytest
from django.db import IntegrityError, OperationalError
from django.db.backends.sqlite3.base import DatabaseWrapper

from consent import sqlite_writer
from consent.sqlite_writer import commit
from tests.consent.test_sqlite_writer import INSERT, file, rows  # noqa: F401 - a fixture


class Disk:
    """What is asked of the disk, and whether it can."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.failures = 0

    def take(self, file: int) -> None:
        self.asked.append(os.readlink(f"/proc/self/fd/{file}"))
        if self.failures:
            self.failures -= 1
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


@contextmanager
def reading(path: Path) -> Iterator[None]:
    """Somebody reads the database as it is now: the log cannot be taken over into it."""
    reader = sqlite3.connect(path)
    reader.execute("BEGIN")
    reader.execute("SELECT * FROM t").fetchall()
    yield
    reader.close()


def write_gathered(*numbers: int) -> None:
    with sqlite_writer.gathered():
        for number in numbers:
            with sqlite_writer.in_turn():
                commit([(INSERT, [number], True)])


def test_where_the_disk_fails_nobody_is_told_and_the_log_goes_into_the_database(
    file: DatabaseWrapper, disk: Disk, tmp_path: Path
) -> None:
    disk.failures = 1
    with pytest.raises(OperationalError, match="Input/output error"):
        write_gathered(1)
    assert (tmp_path / "db-wal").stat().st_size == 0
    write_gathered(2)
    assert rows(file) == [1, 2]


def test_until_the_log_has_reached_the_database_nobody_writes_and_nobody_is_told(
    file: DatabaseWrapper, disk: Disk, tmp_path: Path
) -> None:
    commit([(INSERT, [0], True)])
    with reading(tmp_path / "db"):
        disk.failures = 1
        with pytest.raises(OperationalError, match="Input/output error"):
            write_gathered(1)
        with pytest.raises(OperationalError, match="locked"):
            write_gathered(2)
        with pytest.raises(OperationalError, match="not safe"):  # the disk takes things again, but not what it lost
            sqlite_writer.make_safe()
    write_gathered(3)
    sqlite_writer.make_safe()
    assert rows(file) == [0, 1, 3]


def test_a_failure_that_somebody_else_was_told_of_counts_for_all(file: DatabaseWrapper, disk: Disk) -> None:
    def write() -> None:
        with sqlite_writer.gathered():
            commit([(INSERT, [1], True)])
            with pytest.raises(OperationalError, match="Input/output error"):
                sqlite_writer.make_safe()

    disk.failures = 1
    with pytest.raises(OperationalError, match="not safe"):
        write()
    assert len(disk.asked) == 2


@pytest.mark.parametrize("failures", [0, 1])
def test_a_connection_that_is_opened_anew_meanwhile_leaves_nothing_unsafe(
    file: DatabaseWrapper, disk: Disk, failures: int
) -> None:
    disk.failures = failures
    told = pytest.raises(OperationalError, match="not safe") if failures else nullcontext()
    with told, sqlite_writer.gathered():
        commit([(INSERT, [1], True)])
        with pytest.raises(IntegrityError):
            commit([(INSERT, [1], True)])
        assert len(disk.asked) == 1, "the handle that would be told of a failure is asked before it goes"
        assert sqlite_writer._Writer.log is None
        commit([(INSERT, [2], True)])
        assert durability() == NORMAL
    assert len(disk.asked) == 2
    assert rows(file) == [1, 2]


def test_without_a_log_or_a_handle_on_it_each_waits_for_the_disk(
    file: DatabaseWrapper, disk: Disk, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patched:
        patched.setattr(os, "open", Mock(side_effect=OSError(errno.EMFILE, "too many")))
        write_gathered(1)
        assert durability() == FULL
    sqlite_writer._close()
    file.connection.execute("PRAGMA journal_mode=DELETE")
    file.settings_dict["OPTIONS"] = {}
    write_gathered(2)
    assert durability() == FULL
    sqlite_writer.make_safe()
    assert disk.asked == []


def test_whoever_names_what_another_wrote_a_moment_ago_makes_it_safe(
    file: DatabaseWrapper, disk: Disk, tmp_path: Path
) -> None:
    sqlite_writer.make_safe()
    assert disk.asked == [str(tmp_path / "db-wal")]
