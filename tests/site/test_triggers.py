"""Evidence stays as it is: the guards are in every database, and their absence is noticed."""

import pytest
from django.core.checks import run_checks
from django.core.exceptions import ImproperlyConfigured
from django.db import OperationalError, connection

from ossnet_site import triggers

ALL = list(triggers._names(connection.vendor))


def sql(statement: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement)


@pytest.mark.parametrize("name", ALL)
def test_a_missing_guard_is_noticed_at_start_and_mended_by_migrate(db: None, name: str) -> None:
    assert triggers.missing(connection) == []
    triggers.require(connection)
    on_table = f" ON {triggers._names(connection.vendor)[name]}" if connection.vendor == "postgresql" else ""
    sql(f"DROP TRIGGER {name}{on_table}")
    assert triggers.missing(connection) == [name]
    assert [w.id for w in run_checks(tags=["database"], databases=["default"])] == ["site.W001"]
    with pytest.raises(ImproperlyConfigured, match=name):
        triggers.require(connection)
    triggers.install(connection)
    assert triggers.missing(connection) == []


def test_a_database_that_does_not_answer_keeps_the_site_up(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*args: object) -> None:
        raise OperationalError("no server")

    monkeypatch.setattr("ossnet_site.triggers.missing", fail)
    triggers.require(connection)


def test_before_the_tables_exist_nothing_is_missing(monkeypatch: pytest.MonkeyPatch, db: None) -> None:
    monkeypatch.setattr(connection.introspection, "table_names", list)
    assert triggers.missing(connection) == []
    triggers.remove(connection)
    triggers.install(connection)


@pytest.mark.parametrize("name", list(triggers.triggers()))
def test_both_engines_say_it_with_the_same_words(name: str) -> None:
    trigger = triggers.triggers()[name]
    table, event, condition, message = trigger
    event = event.replace("REPLACE", "INSERT")
    for statements in (triggers._on_sqlite(name, *trigger), " ".join(triggers._on_postgresql(name, *trigger))):
        assert f"BEFORE {event} ON {table}" in statements
        assert message in statements
        assert condition.split("{now}")[0] in statements
        assert "{now}" not in statements


@pytest.mark.skipif(connection.vendor == "sqlite", reason="SQLite has REPLACE")
def test_postgresql_asks_nothing_where_only_replace_could_do_harm(db: None) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_get_triggerdef(oid) FROM pg_trigger WHERE tgname = 'consent_record_no_insert'")
        ((definition,),) = cursor.fetchall()
    assert "WHEN (false)" in definition


def test_only_postgresql_needs_a_guard_against_truncate() -> None:
    refusing = {name for name, table in triggers._names("postgresql").items() if name != f"{table}_stamp"}
    assert refusing - set(triggers._names("sqlite")) == {f"{table}_no_truncate" for table in triggers._tables()}
    assert sum("BEFORE TRUNCATE" in statement for statement in triggers._statements("postgresql")) == len(
        triggers._tables()
    )
    assert len(triggers._statements("sqlite")) == len(triggers._names("sqlite"))
