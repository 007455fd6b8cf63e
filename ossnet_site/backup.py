"""A copy of an SQLite database while the site goes on; PostgreSQL has pg_dump for that. See docs/backup.md."""

import os
import sqlite3
import tempfile
from contextlib import closing, suppress
from pathlib import Path

from django.db import DatabaseError
from django.db.backends.base.base import BaseDatabaseWrapper


class BackupFailed(Exception):
    """There is no backup; the message says why."""


def back_up(connection: BaseDatabaseWrapper, file: Path) -> int:
    """Write ``file`` and return its size in bytes. It is there whole and checked, or not at all. Raises BackupFailed.

    The whole database is read in one step, at one moment of it: decisions go on being written meanwhile, as readers
    and the writer do not wait for each other in a write-ahead log. Nobody but the owner may read the file.
    """
    if file.exists():
        raise BackupFailed(f"{file} is there already")
    try:
        connection.ensure_connection()
        descriptor, name = tempfile.mkstemp(prefix=f".{file.name}.", dir=file.parent)  # with mode 600
        os.close(descriptor)
    except DatabaseError as error:
        raise BackupFailed(str(error)) from error
    except OSError as error:
        raise BackupFailed(f"{file.parent}: {error.strerror}") from error
    unfinished = Path(name)
    try:
        _copy(connection.connection, unfinished)
        unfinished.replace(file)
        _sync(file.parent)
    except (sqlite3.Error, OSError) as error:
        raise BackupFailed(str(error)) from error
    finally:
        for left in (unfinished, *file.parent.glob(f"{unfinished.name}-*")):
            with suppress(FileNotFoundError):
                left.unlink()
    return file.stat().st_size


def _copy(source: sqlite3.Connection, target: Path) -> None:
    with closing(sqlite3.connect(target)) as copy:
        source.backup(copy)
        # One file without a log beside it, so that it can be moved about.
        copy.execute("PRAGMA journal_mode=DELETE")
        problems = [row[0] for row in copy.execute("PRAGMA integrity_check")]
        if problems != ["ok"]:
            raise BackupFailed(f"the copy is damaged, and so is the database: {'; '.join(problems[:3])}")
    _sync(target)


def _sync(path: Path) -> None:
    """To the disk: a backup that was announced survives a power cut."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
