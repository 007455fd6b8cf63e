"""Everything of the site from SQLite to PostgreSQL, as it is: ids, hashes, seals, history and staff accounts.

Both databases are those of this process alone: ``source`` is where the site has been, and ``default`` already is where
it goes, so that whatever is asked meanwhile is asked of the new one. See docs/backup.md for the command.
"""

import hashlib
import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import date
from typing import Any

from django.apps import apps
from django.contrib.auth.models import Group, Permission
from django.contrib.contenttypes.models import ContentType
from django.contrib.sessions.models import Session
from django.db import DEFAULT_DB_ALIAS, DatabaseError, connections, models, transaction
from django.db.migrations.executor import MigrationExecutor
from psycopg import sql

from ossnet_site import triggers
from ossnet_site.models import ContentStamp

SOURCE, TARGET = "source", DEFAULT_DB_ALIAS
Model = type[models.Model]
# What migrate puts into an empty database; the source's rows take the place of these.
MADE_BY_MIGRATE: set[Model] = {ContentType, Permission, Group, Group.permissions.through, ContentStamp}
# Staff sign in anew, and the stamp gets a new value: other content than the processes of before knew.
LEFT_BEHIND: set[Model] = {Session, ContentStamp}
AT_ONCE = 2000  # rows that are read at a time


class CannotMove(Exception):
    """Nothing was moved; the message says why."""


class Digest:
    """How many rows, and the sum of their hashes: the same for the same rows, in whatever order they come."""

    def __init__(self) -> None:
        self.rows = 0
        self.sum = 0

    def add(self, row: tuple[Any, ...]) -> None:
        """Take one row in, as Django reads it on either engine."""
        text = json.dumps(row, sort_keys=True, default=_as_text)
        self.rows += 1
        self.sum = (self.sum + int.from_bytes(hashlib.sha256(text.encode()).digest())) % (1 << 256)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Digest) and (self.rows, self.sum) == (other.rows, other.sum)

    __hash__ = None  # type: ignore[assignment]


def move(say: Callable[[str], None], verify: Callable[[], None]) -> None:
    """Copy every table, compare, have the new database verified, and only then commit. Raises CannotMove.

    ``verify`` is called with the new database in place, and raises what it likes when it finds something.
    """
    with _held():
        _require_migrated()
        with _refused("The new database cannot be used"):
            _require_empty()
            _migrate()
        with _refused("PostgreSQL refused what SQLite had kept"), transaction.atomic(using=TARGET):
            _fill(say)
            verify()
    with connections[TARGET].cursor() as cursor:
        cursor.execute("ANALYZE")


@contextmanager
def _refused(words: str) -> Iterator[None]:
    """Raises CannotMove with these words for what the new database says."""
    try:
        yield
    except DatabaseError as error:
        raise CannotMove(f"{words}: {str(error).strip()}") from error


@contextmanager
def _held() -> Iterator[None]:
    """Nobody else has the source open, and nobody can write to it before this ends.

    Only the last connection can end the write-ahead log; the next one to open the file begins it again.
    """
    source = connections[SOURCE]
    with ExitStack() as held:
        try:
            with source.cursor() as cursor:
                cursor.execute("PRAGMA journal_mode=DELETE")
            # With the write lock, as ossnet_site.environment has it.
            held.enter_context(transaction.atomic(using=SOURCE))
        except DatabaseError as error:
            reason = f"The site has its database open still ({error}): stop every process of it first."
            raise CannotMove(reason) from error
        yield


def _require_migrated() -> None:
    executor = MigrationExecutor(connections[SOURCE])
    if executor.migration_plan(executor.loader.graph.leaf_nodes()):
        raise CannotMove("The present database is of an earlier release: run manage.py migrate first.")


def _require_empty() -> None:
    """Nothing but what an earlier attempt's migrate has made. Asked before anything is written."""
    there = set(connections[TARGET].introspection.table_names())
    ours = {model._meta.db_table: model for model in _models()}
    strange = there - ours.keys() - {"django_migrations"}
    filled = {
        table
        for table in there & ours.keys()
        if ours[table] not in MADE_BY_MIGRATE and ours[table]._base_manager.using(TARGET).exists()
    }
    if strange | filled:
        tables = ", ".join(sorted(strange | filled))
        raise CannotMove(f"The new database is not empty: {tables}. Give one that holds nothing.")


def _migrate() -> None:
    from django.core.management import call_command

    call_command("migrate", database=TARGET, interactive=False, verbosity=0)


def _fill(say: Callable[[str], None]) -> None:
    """Without the guards, which forbid to write a published text or a closed purge; with them again at the end."""
    target = connections[TARGET]
    triggers.remove(target)
    with target.cursor() as cursor:
        for model in MADE_BY_MIGRATE:
            cursor.execute(f"DELETE FROM {target.ops.quote_name(model._meta.db_table)}")  # noqa: S608
    moved = {model: _copy(model) for model in _models() if model not in LEFT_BEHIND}
    target.check_constraints()
    for model, digest in moved.items():
        _continue_numbering(model)
        if _digest(model, TARGET) != digest:
            raise CannotMove(f"{model._meta.db_table} is not the same in both databases after the move.")
        say(f"{model._meta.db_table}: {digest.rows} rows, the same on both sides")
    triggers.install(target)
    if absent := triggers.missing(target):
        raise CannotMove(f"The new database lacks the triggers {', '.join(absent)}.")


def _models() -> list[Model]:
    """One for each table of every app, those between two others included."""
    found = apps.get_models(include_auto_created=True)
    return [model for model in found if model._meta.managed and not model._meta.proxy]


def _copy(model: Model) -> Digest:
    """Stream the rows over; what was read is what was digested."""
    target, fields, digest = connections[TARGET], model._meta.local_concrete_fields, Digest()
    columns = sql.SQL(", ").join(sql.Identifier(str(field.column)) for field in fields)
    statement = sql.SQL("COPY {} ({}) FROM STDIN").format(sql.Identifier(model._meta.db_table), columns)
    try:
        with target.wrap_database_errors, target.cursor() as cursor, cursor.copy(statement) as lines:
            for row in _rows(model, SOURCE):
                digest.add(row)
                pairs = zip(fields, row, strict=True)
                lines.write_row([field.get_db_prep_save(value, target) for field, value in pairs])
    except (DatabaseError, UnicodeError) as error:
        raise CannotMove(f"{model._meta.db_table}: {error}") from error
    return digest


def _digest(model: Model, alias: str) -> Digest:
    digest = Digest()
    for row in _rows(model, alias):
        digest.add(row)
    return digest


def _rows(model: Model, alias: str) -> Iterator[tuple[Any, ...]]:
    names = [field.attname for field in model._meta.local_concrete_fields]
    rows: Any = model._base_manager.using(alias).order_by().values_list(*names)
    yield from rows.iterator(chunk_size=AT_ONCE)


def _continue_numbering(model: Model) -> None:
    """The next row gets a number that no row ever had, not even one that was deleted: history may name it."""
    field = model._meta.auto_field
    if field is None:
        return
    with connections[SOURCE].cursor() as cursor:
        cursor.execute("SELECT COALESCE(MAX(seq), 0) FROM sqlite_sequence WHERE name = %s", [model._meta.db_table])
        (last,) = cursor.fetchone()
    target = connections[TARGET]
    with target.cursor() as cursor:
        cursor.execute(
            "SELECT setval(pg_get_serial_sequence(%s, %s), %s, %s)",
            [target.ops.quote_name(model._meta.db_table), field.column, last or 1, last > 0],
        )


def _as_text(value: Any) -> str:
    """What JSON has no form for: moments, dates, ids, numbers with decimals, bytes."""
    if isinstance(value, (bytes, memoryview)):
        return bytes(value).hex()
    return value.isoformat() if isinstance(value, date) else str(value)
