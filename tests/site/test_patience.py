"""A database that says nothing is not waited for: the question ends, its connection is never used again."""

import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import psycopg
import pytest
from django.db import OperationalError, connection, transaction
from django.test import Client
from django.test.signals import template_rendered
from pytest_django import DjangoDbBlocker

from ossnet_site import environment, patience, stamp
from ossnet_site.postgresql import base, silence
from tests.consent.decide import decide
from tests.site import elsewhere
from tests.site.test_pool import SHORT, address, backend, pool

__all__ = ["address"]  # the fixture
on_postgresql = pytest.mark.once


@pytest.fixture(autouse=True)
def _silence_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(base, "_silence", silence.Silence())


@contextmanager
def soon() -> Iterator[None]:
    """Fails when what is within takes long."""
    begun = time.monotonic()
    yield
    assert time.monotonic() - begun < SHORT


def test_who_has_little_time_within_more_has_little(seconds: list[float]) -> None:
    assert patience.left() is None
    with patience.at_most(5):
        assert patience.left() == 5
        with patience.at_most(7):
            assert patience.left() == 5
        with patience.at_most(2):
            seconds[0] += 2.5
            assert (patience.left(), patience.is_over()) == (0, True)
        assert (patience.left(), patience.is_over()) == (2.5, False)
    assert patience.left() is None


def test_a_process_that_answers_requests_waits_for_nothing_longer_than_ten_seconds(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(patience, "_longest", patience._longest)
    patience.answers_requests()
    assert patience.left() == 10
    with patience.at_most(60):
        assert patience.left() == 10
    with patience.as_long_as_it_takes():
        assert patience.left() is None
    assert patience.left() == 10


@pytest.mark.parametrize(("path", "wanted"), [("/admin/", None), ("/", 10), ("/admin/login/", 10)])
def test_the_work_of_staff_takes_as_long_as_it_takes(
    site: None, admin_client: Client, client: Client, monkeypatch: pytest.MonkeyPatch, path: str, wanted: float | None
) -> None:
    seen: set[float | None] = set()
    monkeypatch.setattr(patience, "_longest", patience.FOR_A_REQUEST)

    def note(sender: object, **about: object) -> None:
        seen.add(patience.left())

    template_rendered.connect(note)
    try:
        assert (admin_client if path == "/admin/" else client).get(path).status_code == 200
    finally:
        template_rendered.disconnect(note)
    assert seen == {wanted}


def test_so_does_an_export_which_is_written_when_the_view_has_ended(
    visitor: Client, admin_client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[float | None] = []
    monkeypatch.setattr(patience, "_longest", patience.FOR_A_REQUEST)

    def cell(value: object) -> str:
        seen.append(patience.left())
        return "x"

    monkeypatch.setattr("consent.evidence_pages._cell", cell)
    decide(visitor, "reject_all")
    export: Any = admin_client.get("/admin/consent/consentrecord/export/csv/")
    assert len(b"".join(export)) > 100
    assert set(seen) == {None}
    assert patience.left() == patience.FOR_A_REQUEST


def test_a_server_that_vanished_from_the_network_is_noticed_within_twenty_seconds_or_as_the_address_says() -> None:
    options = environment.database("postgres://name@host/site")["OPTIONS"]
    assert options["tcp_user_timeout"] <= 10_000
    assert options["keepalives_idle"] + options["keepalives_interval"] * options["keepalives_count"] <= 20
    said = environment.database("postgres://name@host/site?keepalives_idle=60&tcp_user_timeout=0")["OPTIONS"]
    assert (said["keepalives_idle"], said["tcp_user_timeout"], said["connect_timeout"]) == (60, 0, 3)


@on_postgresql
def test_a_question_that_is_not_answered_ends_and_its_connection_does_not_come_back(address: str) -> None:
    first = backend()
    with soon(), patience.at_most(0.2), pytest.raises(OperationalError, match="did not answer in time"):
        connection.cursor().execute("SELECT pg_sleep(30)")
    connection.close()
    assert pool().get_stats().get("pool_available", 0) <= 1, "at most the one that the pool opened in its place"
    assert backend() != first


@on_postgresql
def test_the_server_does_not_go_on_with_what_was_given_up(address: str) -> None:
    connection.cursor().execute("CREATE TABLE written (id integer)")
    with psycopg.connect(address) as another:
        another.execute("LOCK TABLE written")
        for _six in range(6):
            with patience.at_most(0.2), pytest.raises(OperationalError, match="did not answer in time"):
                connection.cursor().execute("INSERT INTO written VALUES (1)")
            connection.close()
        waiting = another.execute("SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'")
        assert waiting.fetchone() == (0,)
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM written")
        assert cursor.fetchone() == (0,)


@on_postgresql
def test_a_connection_that_lies_ready_is_taken_though_nobody_could_open_one_a_moment_ago(address: str) -> None:
    first = backend()
    connection.close()
    base._silence.begin()
    assert backend() == first


@on_postgresql
def test_a_question_that_is_answered_in_time_keeps_its_connection_and_so_does_one_that_is_refused(
    address: str,
) -> None:
    first = backend()
    with patience.at_most(5):
        with pytest.raises(OperationalError, match="statement timeout"), transaction.atomic():
            connection.cursor().execute("SET LOCAL statement_timeout = 50; SELECT pg_sleep(30)")
        assert backend() == first


@on_postgresql
def test_within_a_transaction_a_question_that_is_not_answered_ends_the_transaction(address: str) -> None:
    connection.cursor().execute("CREATE TABLE written (id integer)")

    def write_twice() -> None:
        with transaction.atomic():
            connection.cursor().execute("INSERT INTO written VALUES (1)")
            with patience.at_most(0.2), suppress(OperationalError):
                connection.cursor().execute("SELECT pg_sleep(30)")
            connection.cursor().execute("INSERT INTO written VALUES (2)")

    with soon(), pytest.raises(OperationalError, match="closed"):
        write_twice()
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM written")
        assert cursor.fetchone() == (0,)


@on_postgresql
@pytest.mark.parametrize("is_in_transaction", [False, True])
def test_the_look_at_the_stamp_ends_in_time_and_the_stamp_is_not_known(
    address: str, is_in_transaction: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    connection.cursor().execute("CREATE TABLE ossnet_site_contentstamp AS SELECT 1 AS id, 'x'::text AS value")
    monkeypatch.setattr(stamp, "LOOK", 0.3)
    assert stamp.current().is_known
    stamp.forget()
    with psycopg.connect(address) as another:
        another.execute("LOCK TABLE ossnet_site_contentstamp")
        with soon():
            if is_in_transaction:
                with pytest.raises(OperationalError), transaction.atomic():
                    stamp.renew()
            else:
                assert not stamp.current().is_known
    stamp.renew()
    assert stamp.current().is_known


@pytest.fixture
def silent(django_db_blocker: DjangoDbBlocker) -> Iterator[str]:
    """The address of a server that accepts, and says nothing."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        made = f"postgres://name@127.0.0.1:{listening.getsockname()[1]}/site?connect_timeout=2"
        with django_db_blocker.unblock(), elsewhere.site_on(made):
            yield made


@on_postgresql
@pytest.mark.parametrize("has_pool", [True, False])
def test_while_a_server_is_silent_one_at_a_time_tries_to_connect_and_the_others_are_told_at_once(
    silent: str, has_pool: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(silence, "REST", 0.5)
    if not has_pool:
        connection.settings_dict["OPTIONS"] = {**connection.settings_dict["OPTIONS"], "pool": False}
    with pytest.raises(OperationalError, match="connection timeout expired"):
        connection.ensure_connection()
    with soon(), pytest.raises(OperationalError, match="a moment ago"):
        connection.ensure_connection()
    time.sleep(0.6)
    base._silence.take_turn()  # somebody tries
    with soon(), pytest.raises(OperationalError, match="a moment ago"):
        connection.ensure_connection()


@on_postgresql
def test_a_server_that_speaks_again_is_asked_by_everybody(silent: str, address: str) -> None:
    base._silence.begin()
    base._silence._next_attempt = time.monotonic()  # the rest is over
    assert backend()
    connection.close()
    assert backend()


@on_postgresql
def test_a_server_that_refuses_is_not_silent(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    base._silence.begin()
    base._silence._next_attempt = time.monotonic()
    with elsewhere.site_on(elsewhere.named(address, "nowhere")), pytest.raises(OperationalError, match="nowhere"):
        connection.ensure_connection()
    assert base._silence._next_attempt is None


@on_postgresql
def test_a_connection_of_the_pool_that_does_not_answer_is_let_go_of_and_the_server_is_silent(
    address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    backend()
    connection.close()
    monkeypatch.setattr(base, "CHECK", 0.2)
    monkeypatch.setattr(pool(), "check_connection", lambda found: found.execute("SELECT pg_sleep(30)"))
    with soon(), pytest.raises(OperationalError, match="does not answer"):
        connection.ensure_connection()
    with soon(), pytest.raises(OperationalError, match="a moment ago"):
        connection.ensure_connection()
