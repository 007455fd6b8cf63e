"""Database triggers that keep published texts as they are, whoever asks: admin, ORM or raw SQL.

SQLite drops a table's triggers whenever a migration rebuilds the table. They are therefore lifted before and installed
after every ``migrate``, and ``missing`` lets a check notice their absence.
"""

from collections.abc import Mapping

from django.core.exceptions import ImproperlyConfigured
from django.db import Error
from django.db.backends.base.base import BaseDatabaseWrapper

# A trigger's message reaches whoever tried, in the database's own error.
REFUSED = "published policy text never changes: write a new version"

VERSION_IS_PUBLISHED = "OLD.published_at IS NOT NULL"
# The one change that stays possible: cancelling, once, before the version takes effect.
VERSION_IS_ONLY_CANCELLED = """(
    OLD.cancelled_at IS NULL AND NEW.cancelled_at IS NOT NULL AND OLD.effective_at > {now}
    AND NEW.id = OLD.id AND NEW.number = OLD.number AND NEW.effective_at = OLD.effective_at
    AND NEW.is_material = OLD.is_material AND NEW.published_at = OLD.published_at
)"""
TEXT_IS_PUBLISHED = (
    "EXISTS (SELECT 1 FROM privacy_policyversion v WHERE v.id = {row}.version_id AND v.published_at IS NOT NULL)"
)

# name: (table, event, condition under which the event is refused)
Trigger = tuple[str, str, str]
TRIGGERS: Mapping[str, Trigger] = {
    "privacy_version_no_update": (
        "privacy_policyversion",
        "UPDATE",
        f"{VERSION_IS_PUBLISHED} AND NOT {VERSION_IS_ONLY_CANCELLED}",
    ),
    "privacy_version_no_delete": ("privacy_policyversion", "DELETE", VERSION_IS_PUBLISHED),
    "privacy_text_no_insert": ("privacy_policytext", "INSERT", TEXT_IS_PUBLISHED.format(row="NEW")),
    "privacy_text_no_update": (
        "privacy_policytext",
        "UPDATE",
        f"{TEXT_IS_PUBLISHED.format(row='OLD')} OR {TEXT_IS_PUBLISHED.format(row='NEW')}",
    ),
    "privacy_text_no_delete": ("privacy_policytext", "DELETE", TEXT_IS_PUBLISHED.format(row="OLD")),
}


def install(connection: BaseDatabaseWrapper) -> None:
    """Put every trigger in place; one that is there is replaced. Does nothing before the tables exist."""
    if not _tables_exist(connection):
        return
    remove(connection)
    create = {"sqlite": _create_on_sqlite, "postgresql": _create_on_postgresql}[connection.vendor]
    with connection.cursor() as cursor:
        for name, trigger in TRIGGERS.items():
            for statement in create(name, *trigger):
                cursor.execute(statement)


def remove(connection: BaseDatabaseWrapper) -> None:
    """Take the triggers away: for migrations, and for tests that must empty the tables."""
    if not _tables_exist(connection):
        return
    with connection.cursor() as cursor:
        for name, (table, _event, _condition) in TRIGGERS.items():
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
    return [name for name in TRIGGERS if name not in present]


def require(connection: BaseDatabaseWrapper) -> None:
    """Refuse to start a site whose published texts could be changed. Raises ImproperlyConfigured.

    A database that does not answer is no reason to stay down: the site then says so itself, and readiness tells.
    """
    try:
        absent = missing(connection)
    except Error:
        return
    if absent:
        raise ImproperlyConfigured(f"Run manage.py migrate: the database lacks the triggers {', '.join(absent)}")


def _tables_exist(connection: BaseDatabaseWrapper) -> bool:
    return {table for table, _event, _condition in TRIGGERS.values()} <= set(connection.introspection.table_names())


def _create_on_sqlite(name: str, table: str, event: str, condition: str) -> list[str]:
    # Django stores a moment as text in UTC, with microseconds only when there are any.
    when = condition.format(now="strftime('%Y-%m-%d %H:%M:%f', 'now')")
    return [f"CREATE TRIGGER {name} BEFORE {event} ON {table} WHEN {when} BEGIN SELECT RAISE(ABORT, '{REFUSED}'); END"]


def _create_on_postgresql(name: str, table: str, event: str, condition: str) -> list[str]:
    when = condition.format(now="clock_timestamp()")
    result = "OLD" if event == "DELETE" else "NEW"
    return [
        f"CREATE OR REPLACE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        f"IF {when} THEN RAISE EXCEPTION '{REFUSED}' USING ERRCODE = 'integrity_constraint_violation'; END IF; "
        f"RETURN {result}; END $$",
        f"CREATE TRIGGER {name} BEFORE {event} ON {table} FOR EACH ROW EXECUTE FUNCTION {name}()",
    ]
