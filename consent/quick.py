"""The ordinary decision, written in one go: on PostgreSQL in one statement, on SQLite in a transaction of two.

What is written rests on words that this process remembers. The statement itself asks whether the content stamp still is
the one that they are remembered under, so that nothing need be read before. Where it is another, or where the same
press has been recorded a moment ago, nothing is written.
"""

import json
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from functools import cache
from typing import Any
from uuid import UUID

from django.db import DEFAULT_DB_ALIAS, connection, connections

from consent import repeats, sqlite_writer
from consent.repeats import CLEAR, Press

IF_UNCHANGED = "FROM ossnet_site_contentstamp s WHERE s.id = 1 AND s.value = %s"
REMEMBER = f"""
    INSERT INTO consent_recentdecision AS r (key, record_id, expires_at) SELECT %s, %s, %s {IF_UNCHANGED}
    ON CONFLICT (key) DO UPDATE SET record_id = EXCLUDED.record_id, expires_at = EXCLUDED.expires_at
    WHERE r.expires_at < %s OR r.expires_at > %s
"""
as_json = json.JSONEncoder().encode
ON_POSTGRESQL: dict[type, Callable[[Any], Any]] = {dict: as_json, list: as_json, UUID: str, datetime: str}
ON_SQLITE: dict[type, Callable[[Any], Any]] = {
    dict: as_json,
    list: as_json,
    UUID: lambda value: value.hex,
    datetime: lambda value: value.astimezone(UTC).isoformat(" ").partition("+")[0],
}


def write(row: Mapping[str, Any], press: Press | None, stamp: str) -> bool:
    """Commit a record (columns and values) and the press that made it; False, and then nothing is written.

    Raises Error.
    """
    on = _on_sqlite if connection.vendor == "sqlite" else _on_postgresql
    return on(tuple(row), tuple(row.values()), press, stamp)


def _on_postgresql(columns: tuple[str, ...], values: tuple[Any, ...], press: Press | None, stamp: str) -> bool:
    """One statement, which is its own transaction: the record only if the press was written."""
    converted = _stored(values, ON_POSTGRESQL)
    if press is None:
        return _executed(_record(columns, IF_UNCHANGED), [*converted, stamp])
    if repeats.is_time_to_clear(press):
        _executed(CLEAR, [press.gone_before, press.gone_after])
    of_press = [press.key, values[columns.index("id")], press.expires_at, stamp, press.gone_before, press.gone_after]
    return _executed(_both(columns), [*of_press, *converted])


def _on_sqlite(columns: tuple[str, ...], values: tuple[Any, ...], press: Press | None, stamp: str) -> bool:
    """A transaction: what is gone is cleared away, the press, the record."""
    converted = _stored(values, ON_SQLITE)
    if press is None:
        return sqlite_writer.commit([(_marked(_record(columns, IF_UNCHANGED)), [*converted, stamp], True)])
    gone = _stored((press.gone_before, press.gone_after), ON_SQLITE)
    of_press = _stored((press.key, values[columns.index("id")], press.expires_at, stamp), ON_SQLITE)
    statements: list[sqlite_writer.Statement] = [
        (_marked(REMEMBER), [*of_press, *gone], True),
        (_marked(_record(columns)), converted, True),
    ]
    if repeats.is_time_to_clear(press):
        statements.insert(0, (_marked(CLEAR), gone, False))
    return sqlite_writer.commit(statements)


def _executed(statement: str, values: list[Any]) -> bool:
    wrapper = connections[DEFAULT_DB_ALIAS]
    wrapper.ensure_connection()
    with wrapper.wrap_database_errors:
        return bool(wrapper.connection.execute(statement, values).rowcount == 1)


@cache
def _record(columns: tuple[str, ...], source: str = "") -> str:
    wanted = ", ".join(["%s"] * len(columns))
    return f"INSERT INTO consent_consentrecord ({', '.join(columns)}) SELECT {wanted} {source}"


@cache
def _both(columns: tuple[str, ...]) -> str:
    return f"WITH pressed AS ({REMEMBER} RETURNING 1) {_record(columns, 'FROM pressed')}"


@cache
def _marked(statement: str) -> str:
    """The statement with SQLite's own marks for values."""
    return statement.replace("%s", "?")


def _stored(values: Iterable[Any], conversions: Mapping[type, Callable[[Any], Any]]) -> list[Any]:
    """Values as the engine keeps them: what Django's fields do, without asking each of them again."""
    find = conversions.get
    return [convert(value) if (convert := find(type(value))) else value for value in values]
