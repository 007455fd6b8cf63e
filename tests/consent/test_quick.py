"""What is written in one go for each engine, statement by statement; tests/site/test_short_way.py has the records."""

import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import DatabaseError, connection

from consent import quick, repeats
from consent.repeats import Press

NOW = datetime(2026, 11, 28, 12, tzinfo=UTC)
ROW = {"id": uuid.UUID(int=1), "grants": {"hotjar": True}, "asked": ["hotjar"], "decided_at": NOW, "path": "/"}
PRESS = Press("key", NOW + timedelta(seconds=3), gone_before=NOW, gone_after=NOW + timedelta(minutes=10))


@pytest.fixture
def executed(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, list[Any]]]:
    made: list[tuple[str, list[Any]]] = []

    def execute(statement: str, values: list[Any]) -> bool:
        made.append((" ".join(statement.split()), values))
        return True

    monkeypatch.setattr(quick, "_executed", execute)
    return made


def on_postgresql(press: Press | None) -> bool:
    return quick._on_postgresql(tuple(ROW), tuple(ROW.values()), press, "stamp")


def test_postgresql_gets_one_statement_in_which_the_record_follows_the_press(
    executed: list[tuple[str, list[Any]]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(repeats, "_cleared_at", NOW)
    assert on_postgresql(PRESS)
    ((statement, values),) = executed
    assert statement.startswith("WITH pressed AS ( INSERT INTO consent_recentdecision")
    assert statement.endswith("SELECT %s, %s, %s, %s, %s FROM pressed")
    assert statement.count("%s") == len(values)
    assert values[:4] == ["key", ROW["id"], PRESS.expires_at, "stamp"]
    assert [type(value) for value in values[-5:]] == [str] * 5


def test_a_press_that_nobody_can_be_told_by_leaves_the_record_alone(executed: list[tuple[str, list[Any]]]) -> None:
    assert on_postgresql(None)
    ((statement, values),) = executed
    assert "recentdecision" not in statement
    assert statement.endswith("WHERE s.id = 1 AND s.value = %s")
    assert values[-1] == "stamp"
    assert statement.count("%s") == len(values)


def test_what_is_gone_is_cleared_away_once_a_second(
    executed: list[tuple[str, list[Any]]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(repeats, "_cleared_at", NOW - timedelta(seconds=2))
    assert on_postgresql(PRESS)
    assert on_postgresql(PRESS)
    assert [statement.split()[0] for statement, _values in executed] == ["DELETE", "WITH", "WITH"]
    assert executed[0][1] == [PRESS.gone_before, PRESS.gone_after]


def test_a_statement_says_whether_it_wrote_a_row(db: None) -> None:
    mark = "?" if connection.vendor == "sqlite" else "%s"  # the driver's own, as the statement goes to the driver
    insert = "INSERT INTO consent_recentdecision (key, record_id, expires_at) VALUES (%s, %s, %s)"
    assert quick._executed(insert.replace("%s", mark), ["key", ROW["id"].hex, str(NOW)])  # type: ignore[attr-defined]
    assert not quick._executed("DELETE FROM consent_recentdecision WHERE key = %s".replace("%s", mark), ["another"])
    with pytest.raises(DatabaseError):  # Django's, not the driver's
        quick._executed("DELETE FROM nowhere", [])
