"""SQLite's one writer: the connection on which all threads of a process commit decisions, one after the other.

Each connection keeps pages of the database in memory and forgets all of them when another one has written. With one
for each thread every decision would read the pages of all indexes anew. And threads that queue here know whose turn
it is; in the engine they would sleep, ever longer.
"""

import os
import threading
import time
from collections.abc import Mapping, Sequence
from typing import Any

from django.db import connection, transaction
from django.db.backends.base.base import BaseDatabaseWrapper

# A statement with ``?`` for each value, its values, and whether it must write a row.
Statement = tuple[str, Sequence[Any], bool]
UNCHECKED = 1.0  # seconds for which a connection that was there counts as there

# Held by whoever is about to write, also by other means.
turn = threading.Lock()


class _Writer:
    """The connection, once it is open, for which settings, and when it was looked after last (monotonic)."""

    wrapper: BaseDatabaseWrapper | None = None
    settings: Mapping[str, Any] = {}
    looked_after = 0.0


def commit(statements: Sequence[Statement]) -> bool:
    """Run the statements in a transaction of their own. False when one wrote no row: then nothing is written.

    Whoever is within a transaction already, or has the database in memory alone, goes on with that connection.
    The caller has the turn. Raises Error, and then nothing is written.
    """
    if connection.in_atomic_block or connection.is_in_memory_db():  # type: ignore[attr-defined]
        connection.ensure_connection()
        with transaction.atomic(), connection.wrap_database_errors:
            written = _written(connection, statements)
            transaction.set_rollback(not written)
        return written
    wrapper = _open()
    with wrapper.wrap_database_errors:
        try:
            wrapper.connection.execute("BEGIN IMMEDIATE")
            written = _written(wrapper, statements)
            wrapper.connection.execute("COMMIT" if written else "ROLLBACK")
        except BaseException:
            _close()  # which ends the transaction, whatever it has come to
            raise
    return written


def _written(wrapper: BaseDatabaseWrapper, statements: Sequence[Statement]) -> bool:
    return all(
        wrapper.connection.execute(sql, values).rowcount == 1 or not must_write
        for sql, values, must_write in statements
    )


def _open() -> BaseDatabaseWrapper:
    """The writer's connection; opened anew for another database, and when it is past its time (CONN_MAX_AGE)."""
    if _Writer.wrapper is None or _Writer.settings is not connection.settings_dict:
        _close()
        _Writer.wrapper, _Writer.settings = connection.copy(), connection.settings_dict
        _Writer.wrapper.inc_thread_sharing()
    wrapper, now = _Writer.wrapper, time.monotonic()
    if now - _Writer.looked_after >= UNCHECKED:
        wrapper.close_if_unusable_or_obsolete()
        _Writer.looked_after = now
    wrapper.ensure_connection()
    return wrapper


def _close() -> None:
    wrapper, _Writer.wrapper, _Writer.looked_after = _Writer.wrapper, None, 0.0
    if wrapper is not None:
        wrapper.close()


def _forked() -> None:
    """SQLite's connections must not cross a fork: not be used there, nor be closed. They are kept, unused."""
    global turn
    _of_the_parent.append(_Writer.wrapper)
    _Writer.wrapper, turn = None, threading.Lock()


_of_the_parent: list[BaseDatabaseWrapper | None] = []
os.register_at_fork(after_in_child=_forked)
