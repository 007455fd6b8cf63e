"""The daily commands: one list, no step in another's way, no two runs at once."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, time
from io import StringIO
from pathlib import Path
from time import sleep
from typing import Any

import psycopg
import pytest
import time_machine
from django.contrib.sessions.models import Session
from django.core.files import locks
from django.core.management import CommandError, call_command, get_commands
from django.db import OperationalError, connection
from django.utils import timezone
from psycopg import sql
from pytest_django import DjangoDbBlocker

from consent.models import ConsentRecord, DailySummary, Purge, Seal
from ossnet_site import daily
from tests.consent.seals import DAY, NOW, decided
from tests.environment import child_environment
from tests.site import elsewhere
from tests.site.documented import Server

ROOT = Path(__file__).resolve().parents[2]


def run(**options: Any) -> tuple[str, str]:
    said, complaints = StringIO(), StringIO()
    call_command("run_daily", stdout=said, stderr=complaints, **options)
    return said.getvalue(), complaints.getvalue()


@pytest.fixture
def evidence(db: None, settings: Any) -> None:
    """A record past its time, one of yesterday, and a session that ended."""
    settings.CONSENT_RETENTION_MONTHS = 1
    with time_machine.travel(NOW, tick=False):
        decided(NOW - 40 * DAY, valid_until=NOW - 39 * DAY)
        decided(NOW - DAY)
        Session.objects.create(session_key="a" * 32, session_data="", expire_date=NOW - DAY)


def breaks(*broken: str, error: type[Exception] = CommandError) -> Any:
    """``call_command`` as it is, but for some commands."""

    def call(name: str, *args: Any, **options: Any) -> Any:
        if name in broken:
            raise error("no reason at all")
        return call_command(name, *args, **options)

    return call


def test_one_command_counts_seals_purges_clears_and_verifies(evidence: None) -> None:
    with time_machine.travel(NOW, tick=False):
        said, complaints = run()
    assert complaints == ""
    assert sum(DailySummary.objects.values_list("decisions", flat=True)) == 2, "counted before one was purged"
    assert Seal.objects.get().tree_size == 2, "sealed before one was purged"
    assert Purge.objects.get().records == ConsentRecord.objects.count() == 1
    assert not Session.objects.exists()
    assert "verify_consent_log: The log holds: 1 seals, 1 sealed records, 1 purged in time" in said
    assert [line.split(":")[0] for line in said.splitlines()] == [
        name for name in daily.STEPS if name != "clearsessions"
    ]


def test_a_second_run_on_the_same_day_changes_nothing(evidence: None) -> None:
    with time_machine.travel(NOW, tick=False):
        run()
        said, complaints = run()
    assert complaints == ""
    assert "No consent record waits to be sealed" in said
    assert "purge_consent_records: Deleted 0 consent records" in said
    assert ConsentRecord.objects.count() == Seal.objects.count() == 1


def test_every_step_is_a_command_and_every_daily_command_is_a_step() -> None:
    assert set(daily.STEPS) <= set(get_commands())
    for path in [*ROOT.glob("consent/management/commands/*.py"), *ROOT.glob("privacy/management/commands/*.py")]:
        assert ("run daily" in path.read_text(encoding="utf-8")) <= (path.stem in daily.STEPS), path.stem


@pytest.mark.parametrize("error", [CommandError, OperationalError, ValueError])
def test_a_step_that_fails_stops_no_other_and_the_last_line_names_it(
    evidence: None, monkeypatch: pytest.MonkeyPatch, error: type[Exception]
) -> None:
    monkeypatch.setattr(daily, "call_command", breaks("seal_consent_log", "clearsessions", error=error))
    complaints = StringIO()
    with time_machine.travel(NOW, tick=False), pytest.raises(CommandError) as failure:
        call_command("run_daily", stdout=StringIO(), stderr=complaints)
    assert str(failure.value) == "Daily commands that failed: seal_consent_log, clearsessions"
    assert failure.value.returncode == 1
    assert "seal_consent_log failed: " in complaints.getvalue()
    assert "no reason at all" in complaints.getvalue()
    assert Purge.objects.get().records == 1, "the steps after it were done"


def test_a_log_that_was_altered_fails_the_run(evidence: None, guards_lifted: None) -> None:
    with time_machine.travel(NOW, tick=False):
        run()
        ConsentRecord.objects.update(language="en")
        with pytest.raises(CommandError, match=r"failed: verify_consent_log$"):
            run()


def test_a_step_can_be_left_out(evidence: None, guards_lifted: None) -> None:
    with time_machine.travel(NOW, tick=False):
        said, _complaints = run(skip=["verify_consent_log", "clearsessions"])
    assert "verify_consent_log" not in said
    assert Session.objects.exists()


@contextmanager
def another_machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Holds the lock as another process would, by the engine's own means."""
    if connection.vendor == "postgresql":
        other = connection.copy()
        with other.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_lock(%s)", [daily.LOCK])
        yield
        with other.cursor() as cursor:  # the pool keeps the connection
            cursor.execute("SELECT pg_advisory_unlock(%s)", [daily.LOCK])
        other.close()
        return
    database = tmp_path / "site.sqlite3"
    monkeypatch.setitem(connection.settings_dict, "NAME", database)
    with Path(f"{database}-daily").open("w") as file:
        assert locks.lock(file, locks.LOCK_EX | locks.LOCK_NB)
        yield


def test_two_machines_at_the_same_time_do_it_once(
    evidence: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with another_machine(tmp_path, monkeypatch):
        said, complaints = run()
        assert said == "Another run of the daily commands is at it; this one does nothing\n"
        assert complaints == ""
        assert not Purge.objects.exists()
    run()
    assert Purge.objects.exists()


def test_the_lock_is_free_again_after_a_run_that_failed(
    evidence: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with another_machine(tmp_path, monkeypatch):
        pass
    with daily.only_one() as first:
        assert first
        with daily.only_one() as second:
            assert not second
    with pytest.raises(ValueError, match="boom"), daily.only_one():
        raise ValueError("boom")
    with daily.only_one() as again:
        assert again


def test_a_database_that_is_away_is_one_clear_line(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail() -> None:
        raise OperationalError("no server")

    monkeypatch.setattr(daily, "only_one", fail)
    with pytest.raises(CommandError, match="the database does not answer: no server"):
        run()


@pytest.mark.parametrize(
    ("now", "following"),
    [
        ("2026-06-01T00:29:59+00:00", "2026-06-01T00:30:00+00:00"),
        ("2026-06-01T00:30:00+00:00", "2026-06-02T00:30:00+00:00"),
        ("2026-12-31T23:00:00+00:00", "2027-01-01T01:30:00+00:00"),
        # The nights in which clocks change: 03:30 comes not at all in March, twice in October.
        ("2026-03-28T12:00:00+00:00", "2026-03-29T01:30:00+00:00"),
        ("2026-10-24T12:00:00+00:00", "2026-10-25T00:30:00+00:00"),
        ("2026-10-25T00:30:00+00:00", "2026-10-26T01:30:00+00:00"),
    ],
)
def test_the_next_run_is_at_the_same_time_by_the_clocks_of_riga(now: str, following: str) -> None:
    moment = daily.next_moment(datetime.fromisoformat(now), time(3, 30))
    assert moment.astimezone(UTC) == datetime.fromisoformat(following)


def test_waiting_follows_a_clock_that_is_set(monkeypatch: pytest.MonkeyPatch) -> None:
    slept: list[float] = []
    with time_machine.travel(NOW, tick=False) as clock:

        def sleep(seconds: float) -> None:
            slept.append(seconds)
            clock.shift(3600 if len(slept) == 2 else seconds)

        monkeypatch.setattr("ossnet_site.daily.time.sleep", sleep)
        daily.wait_until(timezone.now() + DAY / 24)
    assert slept == [60, 60]


def test_for_ever_means_now_and_every_day_and_a_failure_does_not_end_it(
    evidence: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Enough(Exception):
        """Nothing else ends the command."""

    done, seen, waits = tmp_path / "done", [], []

    def wait(moment: datetime) -> None:
        waits.append(moment)
        seen.append(done.exists())
        monkeypatch.setattr(daily, "call_command", call_command)
        if len(waits) == 2:
            raise Enough

    monkeypatch.setattr(daily, "wait_until", wait)
    monkeypatch.setattr(daily, "call_command", breaks("clearsessions"))
    monkeypatch.setattr("ossnet_site.management.commands.run_daily.connections.close_all", lambda: None)
    with time_machine.travel(NOW, tick=False), pytest.raises(Enough):
        run(at=time(3, 30), done_file=done)
    assert seen == [False, True], "the file tells of a run in which nothing failed"
    assert waits[0] == datetime(2026, 11, 24, 1, 30, tzinfo=UTC)


@pytest.fixture
def impatient(server: Server, django_db_blocker: DjangoDbBlocker) -> Iterator[str]:
    """A database whose server ends transactions that are idle for a twentieth of a second."""
    address = server.new()
    name = sql.Identifier(elsewhere.name_of(address))
    limit = sql.SQL("ALTER DATABASE {} SET idle_in_transaction_session_timeout = '50ms'")
    elsewhere.execute(address, limit.format(name))
    with django_db_blocker.unblock(), elsewhere.site_on(address):
        yield address


@pytest.mark.once
def test_a_server_that_limits_idle_transactions_does_not_end_the_lock(impatient: str) -> None:
    with daily.only_one() as first:
        assert first
        sleep(0.3)
        with daily.only_one() as second:
            assert not second
    with closing(psycopg.connect(impatient)) as other:
        other.execute("SELECT 1")
        sleep(0.3)
        with pytest.raises(psycopg.errors.IdleInTransactionSessionTimeout):
            other.execute("SELECT 1")


@pytest.mark.once
def test_a_run_is_good_though_the_lock_ended_before_it(impatient: str, server: Server) -> None:
    ending = "SELECT pg_terminate_backend(pid, 1000) FROM pg_locks WHERE locktype = 'advisory'"
    with daily.only_one() as first:
        assert first
        elsewhere.execute(server.superuser, ending)
    with daily.only_one() as again:
        assert again


@pytest.mark.once
def test_what_failed_is_seen_by_whatever_started_it(tmp_path: Path) -> None:
    # A database without tables: every step fails, and says so.
    environment = child_environment() | {"DATABASE_URL": f"sqlite:///{tmp_path}/site.sqlite3"}
    command = [sys.executable, "manage.py", "run_daily", "--skip", "clearsessions"]
    result = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    failed = ", ".join(name for name in daily.STEPS if name != "clearsessions")
    assert result.returncode == 1
    assert result.stderr.splitlines()[-1] == f"CommandError: Daily commands that failed: {failed}"
    assert "site.sqlite3-daily" in os.listdir(tmp_path)
