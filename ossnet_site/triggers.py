"""Database triggers that keep evidence as it is and notice what public pages must show, whoever writes.

Each app says in its ``guards.TRIGGERS`` what must be refused; here it is said to the database. SQLite drops a table's
triggers whenever a migration rebuilds the table. They are therefore lifted before and installed after every
``migrate``, and ``missing`` lets a check notice their absence.
"""

from collections.abc import Iterable, Mapping
from functools import cache

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import Error
from django.db.backends.base.base import BaseDatabaseWrapper
from django.utils.module_loading import import_string

# (table, event, condition under which the event is refused, message that reaches whoever tried). The condition is SQL
# that both engines know, with OLD and NEW for the row and {now} for the moment. The event REPLACE is an insertion that
# would delete the rows in its way, which SQLite alone can do. PostgreSQL has a trigger of that name all the same, for
# the release before this one, which looks for it at its start; it asks nothing.
Trigger = tuple[str, str, str, str]
REPLACE = "REPLACE"
STAMP = "ossnet_site_contentstamp"
STAMPING_ON_SQLITE = {"stamp_insert": "INSERT", "stamp_update": "UPDATE", "stamp_delete": "DELETE"}


@cache
def triggers() -> Mapping[str, Trigger]:
    """Every app's triggers by name."""
    return {name: trigger for path in settings.TRIGGERS for name, trigger in import_string(path).items()}


def install(connection: BaseDatabaseWrapper) -> None:
    """Put every trigger in place; one that is there is replaced. Does nothing before the tables exist."""
    if not _tables_exist(connection):
        return
    remove(connection)
    with connection.cursor() as cursor:
        for statement in [*_statements(connection.vendor), *_new_stamp(connection.vendor)]:
            cursor.execute(statement)


def remove(connection: BaseDatabaseWrapper) -> None:
    """Take the triggers away: for migrations, and for tests that must empty the tables."""
    existing = set(connection.introspection.table_names())
    with connection.cursor() as cursor:
        for name, table in _names(connection.vendor).items():
            if table in existing:
                on_table = f" ON {table}" if connection.vendor == "postgresql" else ""
                cursor.execute(f"DROP TRIGGER IF EXISTS {name}{on_table}")


def missing(connection: BaseDatabaseWrapper) -> list[str]:
    """The names of the triggers that the database lacks; none before its tables exist."""
    if not _tables_exist(connection):
        return []
    query = {
        "sqlite": "SELECT name FROM sqlite_master WHERE type = 'trigger'",
        "postgresql": "SELECT tgname FROM pg_trigger WHERE NOT tgisinternal AND tgenabled <> 'D'",
    }[connection.vendor]
    with connection.cursor() as cursor:
        cursor.execute(query)
        present = {row[0] for row in cursor.fetchall()}
    return [name for name in _names(connection.vendor) if name not in present]


def require(connection: BaseDatabaseWrapper) -> None:
    """Refuse to start a site whose evidence could be changed. Raises ImproperlyConfigured.

    A database that does not answer is no reason to stay down: the site then says so itself, and readiness tells.
    """
    try:
        absent = missing(connection)
    except Error:
        return
    if absent:
        raise ImproperlyConfigured(f"Run manage.py migrate: the database lacks the triggers {', '.join(absent)}")


def _tables() -> dict[str, str]:
    """Each guarded table with a message that refuses."""
    return {table: message for table, _event, _condition, message in triggers().values()}


def _names(vendor: str) -> dict[str, str]:
    """Each trigger that the engine must have, with its table. Only PostgreSQL can empty a table without its rows."""
    names = {name: table for name, (table, *_rest) in triggers().items()}
    if vendor == "postgresql":
        return names | {f"{table}_no_truncate": table for table in _tables()} | _stamping(("stamp",))
    return names | _stamping(STAMPING_ON_SQLITE)


def _stamping(ends: Iterable[str]) -> dict[str, str]:
    return {f"{table}_{end}": table for table in settings.STAMPED_TABLES for end in ends}


def _tables_exist(connection: BaseDatabaseWrapper) -> bool:
    wanted = {*_tables(), *settings.STAMPED_TABLES, STAMP}
    return wanted <= set(connection.introspection.table_names())


def _statements(vendor: str) -> list[str]:
    if vendor == "sqlite":
        refusing = [_on_sqlite(name, *trigger) for name, trigger in triggers().items()]
        return refusing + [statement for table in settings.STAMPED_TABLES for statement in _stamp_on_sqlite(table)]
    rows = [statement for name, trigger in triggers().items() for statement in _on_postgresql(name, *trigger)]
    whole = [statement for table, message in _tables().items() for statement in _no_truncate(table, message)]
    return rows + whole + [statement for table in settings.STAMPED_TABLES for statement in _stamp_on_postgresql(table)]


def _on_sqlite(name: str, table: str, event: str, condition: str, message: str) -> str:
    # Django stores a moment as text in UTC, with microseconds only when there are any.
    when = condition.format(now="strftime('%Y-%m-%d %H:%M:%f', 'now')")
    event = "INSERT" if event == REPLACE else event
    return f"CREATE TRIGGER {name} BEFORE {event} ON {table} WHEN {when} BEGIN SELECT RAISE(ABORT, '{message}'); END"


def _on_postgresql(name: str, table: str, event: str, condition: str, message: str) -> list[str]:
    when = condition.format(now="clock_timestamp()")
    result = "OLD" if event == "DELETE" else "NEW"
    event, asks = ("INSERT", " WHEN (false)") if event == REPLACE else (event, "")
    return [
        f"CREATE OR REPLACE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        f"IF {when} THEN RAISE EXCEPTION '{message}' USING ERRCODE = 'integrity_constraint_violation'; END IF; "
        f"RETURN {result}; END $$",
        f"CREATE TRIGGER {name} BEFORE {event} ON {table} FOR EACH ROW{asks} EXECUTE FUNCTION {name}()",
    ]


def _no_truncate(table: str, message: str) -> list[str]:
    name = f"{table}_no_truncate"
    return [
        f"CREATE OR REPLACE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        f"RAISE EXCEPTION '{message}' USING ERRCODE = 'integrity_constraint_violation'; END $$",
        f"CREATE TRIGGER {name} BEFORE TRUNCATE ON {table} FOR EACH STATEMENT EXECUTE FUNCTION {name}()",
    ]


def _new_stamp(vendor: str) -> list[str]:
    """A new value for the one row, which may be missing."""
    # No ON CONFLICT: within a trigger of SQLite the statement that fired it would have its way.
    value = "lower(hex(randomblob(16)))" if vendor == "sqlite" else "gen_random_uuid()::text"
    insert = f"INSERT INTO {STAMP} (id, value) VALUES (1, {value})"  # noqa: S608 - no part comes from outside
    if vendor == "sqlite":
        return [f"DELETE FROM {STAMP}", insert]  # noqa: S608
    return [f"{insert} ON CONFLICT (id) DO UPDATE SET value = EXCLUDED.value"]


def _stamp_on_sqlite(table: str) -> list[str]:
    body = "; ".join(_new_stamp("sqlite"))
    return [
        f"CREATE TRIGGER {table}_{end} AFTER {event} ON {table} BEGIN {body}; END"
        for end, event in STAMPING_ON_SQLITE.items()
    ]


def _stamp_on_postgresql(table: str) -> list[str]:
    (statement,) = _new_stamp("postgresql")
    return [
        f"CREATE OR REPLACE FUNCTION {STAMP}_renew() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        f"{statement}; RETURN NULL; END $$",
        f"CREATE TRIGGER {table}_stamp AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON {table} "
        f"FOR EACH STATEMENT EXECUTE FUNCTION {STAMP}_renew()",
    ]
