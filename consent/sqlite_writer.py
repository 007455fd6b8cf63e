"""SQLite's one writer: the connection on which all threads of a process commit decisions, one after the other.

Each connection keeps pages of the database in memory and forgets all of them when another one has written. With one
for each thread every decision would read the pages of all indexes anew. And threads that queue here know whose turn
it is; in the engine they would sleep, ever longer.

Each commit waits for the disk (``synchronous=FULL``), but for those that are ``gathered``: they wait for it together.
"""

import os
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import Any

from django.db import DEFAULT_DB_ALIAS, Error, OperationalError, connections, transaction
from django.db.backends.base.base import BaseDatabaseWrapper

# A statement with ``?`` for each value, its values, and whether it must write a row.
Statement = tuple[str, Sequence[Any], bool]
UNCHECKED = 1.0  # seconds for which a connection that was there counts as there

# Held by whoever is about to write, also by other means, see in_turn.
turn = threading.Lock()


class _Writer:
    """The connection, once it is open, for which settings, and when it was looked after last (monotonic)."""

    wrapper: BaseDatabaseWrapper | None = None
    settings: Mapping[str, Any] = {}
    looked_after = 0.0
    # A handle on the write-ahead log, as old as the connection: a failed write is told once to each handle that was
    # open then, and to none that is opened later.
    log: int | None = None
    waits = True  # whether its commits wait for the disk now
    is_doubtful = False  # whether the disk could not take a part of the log


class _Thread(threading.local):
    """Whether what this thread commits is gathered, and whether the disk has yet to take some of it."""

    gathers = False
    is_unsafe = False


_thread = _Thread()


@contextmanager
def in_turn() -> Iterator[None]:
    """The turn of whoever is about to write. Raises Error.

    After the disk has failed, what the log holds must reach the database first: the engine believes no part of the log
    that comes after a damaged one.
    """
    with turn:
        if _Writer.is_doubtful:
            _move_to_database()
        yield


def is_used() -> bool:
    """Whether the site's database is SQLite's, in a file."""
    usual = connections[DEFAULT_DB_ALIAS]
    return usual.vendor == "sqlite" and not usual.is_in_memory_db()  # type: ignore[attr-defined]


def commit(statements: Sequence[Statement]) -> bool:
    """Run the statements in a transaction of their own. False when one wrote no row: then nothing is written.

    Whoever is within a transaction already, or has the database in memory alone, goes on with that connection.
    The caller has the turn. Raises Error, and then nothing is written.
    """
    usual = connections[DEFAULT_DB_ALIAS]
    if usual.in_atomic_block or usual.is_in_memory_db():  # type: ignore[attr-defined]
        usual.ensure_connection()
        with transaction.atomic(), usual.wrap_database_errors:
            written = _written(usual, statements)
            transaction.set_rollback(not written)
        return written
    wrapper = _open(usual)
    with wrapper.wrap_database_errors:
        try:
            _choose_durability(wrapper)
            wrapper.connection.execute("BEGIN IMMEDIATE")
            written = _written(wrapper, statements)
            wrapper.connection.execute("COMMIT" if written else "ROLLBACK")
        except BaseException:
            _close()  # which ends the transaction, whatever it has come to
            raise
    if written and not _Writer.waits:
        _thread.is_unsafe = True
    return written


@contextmanager
def gathered() -> Iterator[None]:
    """What this thread commits within is safe from a power cut at the end, and not before: nobody may be told sooner.

    Each still is a transaction of its own, but the disk is waited for once. Raises OperationalError when it fails: then
    none of them counts as recorded.
    """
    _thread.gathers = True
    try:
        yield
    finally:
        _thread.gathers = False
        is_unsafe, _thread.is_unsafe = _thread.is_unsafe, False
    if is_unsafe:
        with turn:
            try:
                _make_safe()
            except OperationalError:
                with suppress(Error):  # else whoever writes next tries again
                    _move_to_database()
                raise


def make_safe() -> None:
    """What anybody has committed so far survives a power cut. Raises Error. The caller has the turn.

    For whoever names a record that another may have written a moment ago, and not have heard of from the disk.
    """
    if is_used():
        _open(connections[DEFAULT_DB_ALIAS])
        _make_safe()


def _make_safe() -> None:
    """Wait until the disk has what was written into the log: what ``synchronous=FULL`` does after each commit."""
    if _Writer.log is not None:
        _to_disk(_Writer.log)
    if _Writer.is_doubtful:
        raise OperationalError("what was committed is not safe on the disk")


def _to_disk(log: int) -> None:
    try:
        getattr(os, "fdatasync", os.fsync)(log)
    except OSError as error:
        _Writer.is_doubtful = True
        raise OperationalError(f"the log could not be written: {error.strerror}") from error


def _move_to_database() -> None:
    wrapper = _open(connections[DEFAULT_DB_ALIAS])
    with wrapper.wrap_database_errors:
        if wrapper.connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]:
            raise OperationalError("database is locked")
    _Writer.is_doubtful = False


def _choose_durability(wrapper: BaseDatabaseWrapper) -> None:
    """Let the next commit wait for the disk, unless it is gathered."""
    waits = not (_thread.gathers and _Writer.log is not None)
    if waits is not _Writer.waits:
        wrapper.connection.execute(f"PRAGMA synchronous={'FULL' if waits else 'NORMAL'}")
        _Writer.waits = waits


def _written(wrapper: BaseDatabaseWrapper, statements: Sequence[Statement]) -> bool:
    return all(
        wrapper.connection.execute(sql, values).rowcount == 1 or not must_write
        for sql, values, must_write in statements
    )


def _open(usual: BaseDatabaseWrapper) -> BaseDatabaseWrapper:
    """The writer's connection; opened anew for another database, and when it is past its time (CONN_MAX_AGE)."""
    if _Writer.wrapper is None or _Writer.settings is not usual.settings_dict:
        _close()
        _Writer.wrapper, _Writer.settings = usual.copy(), usual.settings_dict
        _Writer.wrapper.inc_thread_sharing()
    wrapper, now = _Writer.wrapper, time.monotonic()
    if now - _Writer.looked_after >= UNCHECKED:
        wrapper.close_if_unusable_or_obsolete()
        _Writer.looked_after = now
    if wrapper.connection is None:
        _let_go_of_log()
        wrapper.ensure_connection()
        with wrapper.wrap_database_errors:
            _Writer.log = _log_of(wrapper)
    return wrapper


def _log_of(wrapper: BaseDatabaseWrapper) -> int | None:
    """A handle on the write-ahead log; None for another kind of journal, and then every commit waits for the disk."""
    execute = wrapper.connection.execute
    if execute("PRAGMA journal_mode").fetchone()[0] != "wal":
        return None
    execute("SELECT count(*) FROM sqlite_master").fetchone()  # whoever reads makes the file
    with suppress(OSError):
        return os.open(execute("PRAGMA database_list").fetchone()[2] + "-wal", os.O_RDONLY)
    return None


def _let_go_of_log() -> None:
    """What another handle would not be told of is asked for now."""
    log, _Writer.log, _Writer.waits = _Writer.log, None, True
    if log is not None:
        if _thread.is_unsafe:
            with suppress(OperationalError):  # remembered as a doubt
                _to_disk(log)
        os.close(log)


def _close() -> None:
    wrapper, _Writer.wrapper, _Writer.looked_after = _Writer.wrapper, None, 0.0
    if wrapper is not None:
        wrapper.close()
    _let_go_of_log()


def _forked() -> None:
    """SQLite's connections must not cross a fork: not be used there, nor be closed. They are kept, unused."""
    global turn
    _of_the_parent.append(_Writer.wrapper)
    _Writer.wrapper, _Writer.log, _Writer.waits, turn = None, None, True, threading.Lock()


_of_the_parent: list[BaseDatabaseWrapper | None] = []
os.register_at_fork(after_in_child=_forked)
