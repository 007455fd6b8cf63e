"""SQLite's one writer: the connection on which all threads of a process commit decisions, one after the other.

Each connection keeps pages of the database in memory and forgets all of them when another one has written. With one
for each thread every decision would read the pages of all indexes anew. And threads that queue here know whose turn
it is; in the engine they would sleep, ever longer.
"""

import os
import threading
import time
from collections.abc import Sequence
from typing import Any

from django.db import DEFAULT_DB_ALIAS, connection, connections, transaction
from django.db.backends.base.base import BaseDatabaseWrapper

from ossnet_site.from_settings import from_settings

# A statement with ``?`` for each value, its values, and whether it must write a row.
Statement = tuple[str, Sequence[Any], bool]
UNCHECKED = 1.0  # seconds for which a connection that was there counts as there

# Held by whoever is about to write, also by other means.
turn = threading.Lock()


class _Writer:
    """The connection, once it is open, and when it was looked after last, on the monotonic clock."""

    wrapper: BaseDatabaseWrapper | None = None
    looked_after = 0.0


@from_settings
def is_used() -> bool:
    """Whether the site's database is SQLite's."""
    return connection.vendor == "sqlite"


def commit(statements: Sequence[Statement]) -> bool:
    """Run the statements in a transaction of their own. False when one wrote no row: then nothing is written.

    Whoever is within a transaction already, or has the database in memory alone, goes on with that connection.
    The caller has the turn. Raises Error, and then nothing is written.
    """
    if connection.in_atomic_block or connection.is_in_memory_db():  # type: ignore[attr-defined]
        connection.ensure_connection()
        with transaction.atomic():
            written = _written(connection, statements)
            transaction.set_rollback(not written)
        return written
    wrapper = _open()
    with wrapper.wrap_database_errors:
        wrapper.connection.execute("BEGIN IMMEDIATE")
        try:
            written = _written(wrapper, statements)
            wrapper.connection.execute("COMMIT" if written else "ROLLBACK")
        except Exception:
            wrapper.connection.rollback()
            raise
    return written


def _written(wrapper: BaseDatabaseWrapper, statements: Sequence[Statement]) -> bool:
    with wrapper.wrap_database_errors:
        return all(
            wrapper.connection.execute(sql, values).rowcount == 1 or not must_write
            for sql, values, must_write in statements
        )


def _open() -> BaseDatabaseWrapper:
    """The writer's connection; one that is broken or too old is opened anew, asked about once a second."""
    if _Writer.wrapper is None:
        _Writer.wrapper = connections.create_connection(DEFAULT_DB_ALIAS)
        _Writer.wrapper.inc_thread_sharing()
    wrapper, now = _Writer.wrapper, time.monotonic()
    if wrapper.errors_occurred or now - _Writer.looked_after >= UNCHECKED:
        wrapper.close_if_unusable_or_obsolete()
        _Writer.looked_after = now
    wrapper.ensure_connection()
    return wrapper


def forget() -> None:
    """Let the connection go, unclosed: it is another process's, and SQLite's must not cross a fork."""
    _Writer.wrapper, _Writer.looked_after = None, 0.0


os.register_at_fork(after_in_child=forget)
