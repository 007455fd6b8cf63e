"""The ordinary decision, written in one go: on PostgreSQL in one statement, on SQLite in a transaction of two.

What is written rests on words that this process remembers. The statement itself asks whether the content stamp still is
the one that they are remembered under, so that nothing need be read before. Where it is another, or where the same
press has been recorded a moment ago, nothing is written.
"""

import json
from collections.abc import Callable, Iterable, Mapping
from contextlib import nullcontext
from datetime import UTC, datetime
from functools import cache
from typing import Any
from uuid import UUID

from django.db import connection, transaction
from psycopg.types.json import Jsonb

from consent import repeats
from consent.repeats import Press

IF_UNCHANGED = "FROM ossnet_site_contentstamp s WHERE s.id = 1 AND s.value = %s"
REMEMBER = f"""
    INSERT INTO consent_recentdecision AS r (key, record_id, expires_at) SELECT %s, %s, %s {IF_UNCHANGED}
    ON CONFLICT (key) DO UPDATE SET record_id = EXCLUDED.record_id, expires_at = EXCLUDED.expires_at
    WHERE r.expires_at < %s OR r.expires_at > %s
"""
ON_POSTGRESQL: dict[type, Callable[[Any], Any]] = {dict: Jsonb, list: Jsonb}
ON_SQLITE: dict[type, Callable[[Any], Any]] = {
    dict: json.dumps,
    list: json.dumps,
    UUID: lambda value: value.hex,
    datetime: lambda value: str(value.astimezone(UTC).replace(tzinfo=None)),
}


def write(row: Mapping[str, Any], press: Press | None, stamp: str) -> bool:
    """Commit a record (columns and values) and the press that made it; False, and then nothing is written.

    Raises Error.
    """
    vendor = connection.vendor
    columns, values = tuple(row), _stored(row.values(), vendor)
    if press is None:
        return _executed(_insert(columns, IF_UNCHANGED), [*values, stamp])
    of_press = (press.key, row["id"], press.expires_at, stamp, press.gone_before, press.gone_after)
    pressed = _stored(of_press, vendor)
    is_one_statement = vendor == "postgresql"
    groups = ([*pressed, *values],) if is_one_statement else (pressed, values)
    with nullcontext() if is_one_statement and not repeats.must_clear(press) else transaction.atomic():
        repeats.clear(press)
        pairs = zip(_statements(columns, is_one_statement), groups, strict=True)
        return all(_executed(statement, group) for statement, group in pairs)


def _executed(statement: str, values: list[Any]) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return bool(cursor.rowcount == 1)


@cache
def _insert(columns: tuple[str, ...], source: str = "") -> str:
    wanted = ", ".join(["%s"] * len(columns))
    return f"INSERT INTO consent_consentrecord ({', '.join(columns)}) SELECT {wanted} {source}"


@cache
def _statements(columns: tuple[str, ...], is_one_statement: bool) -> tuple[str, ...]:
    """The press and the record, the second only if the first was written."""
    both = f"WITH pressed AS ({REMEMBER} RETURNING 1) {_insert(columns, 'FROM pressed')}"
    return (both,) if is_one_statement else (REMEMBER, _insert(columns))


def _stored(values: Iterable[Any], vendor: str) -> list[Any]:
    """Values as the engine keeps them: what Django's fields do, without asking each of them again."""
    conversions = ON_POSTGRESQL if vendor == "postgresql" else ON_SQLITE
    return [conversions[type(value)](value) if type(value) in conversions else value for value in values]
