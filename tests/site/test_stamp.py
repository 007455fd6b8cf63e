"""Every change of what public pages show is noticed, whoever makes it."""

import re
from contextlib import suppress

import pytest
import time_machine
from django.conf import settings
from django.db import OperationalError, connection, connections, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from consent import disclosures, registry
from consent.models import CategoryText
from ossnet_site import front, stamp
from ossnet_site.models import ContentStamp
from privacy.models import PolicyVersion


class Clock:
    """The monotonic clock, moved by hand."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr("time.monotonic", clock)
    return clock


def value() -> str:
    return ContentStamp.objects.get().value


@pytest.mark.parametrize("table", settings.STAMPED_TABLES)
def test_a_change_by_plain_sql_renews_the_stamp(site: None, guards_lifted: None, table: str) -> None:
    from ossnet_site import triggers

    with connection.cursor() as cursor:
        # The guards of evidence stay away; those that stamp come back.
        for statement in triggers._statements(connection.vendor):
            if triggers.STAMP in statement:
                cursor.execute(statement)
        before = value()
        cursor.execute(f"UPDATE {table} SET id = id")  # noqa: S608
        updated = value()
        with suppress(RuntimeError), transaction.atomic():
            cursor.execute(f"DELETE FROM {table}")  # noqa: S608
            deleted = value()
            raise RuntimeError  # rows of other tables refer to these
    assert len({before, updated, deleted, value()}) == 3


def test_what_pages_show_is_read_from_stamped_tables_alone(visitor: Client, policy_in_force: PolicyVersion) -> None:
    disclosures.forget_all()
    with CaptureQueriesContext(
        connection,
    ) as queries:
        for name in front.PAGES:
            numbered = name in ("privacy:show-version", "privacy:show-changes")
            assert visitor.get(reverse(name, args=[1] if numbered else [])).status_code == 200
            registry.forget()
    tables = {table for query in queries for table in re.findall(r'(?:FROM|JOIN) "?(\w+)', query["sql"])}
    assert tables == {*settings.STAMPED_TABLES, "ossnet_site_contentstamp"}


def test_a_value_that_was_rolled_back_never_comes_again(site: None) -> None:
    values = []
    for _attempt in range(2):
        with suppress(RuntimeError), transaction.atomic():
            CategoryText.objects.update(name_lv="x")
            values.append(value())
            raise RuntimeError
    assert len({*values, value()}) == 3


def test_an_insert_that_ignores_conflicts_renews_it_too(site: None) -> None:
    text = CategoryText.objects.all()[0]
    before = value()
    group = text.group_id
    text.delete()
    between = value()
    CategoryText.objects.bulk_create(
        [CategoryText(group_id=group, name_lv="a", name_en="b", purpose_lv="c", purpose_en="d")], ignore_conflicts=True
    )
    assert len({before, between, value()}) == 3


def test_the_database_is_asked_once_a_second(site: None, clock: Clock) -> None:
    with CaptureQueriesContext(connection) as queries:
        first = stamp.current()
        for _times in range(10):
            clock.now += 0.099
            assert stamp.current() is first
        CategoryText.objects.update(name_lv="x")
        clock.now += 0.02
        assert stamp.current().token != first.token
    assert len([query for query in queries if "contentstamp" in query["sql"]]) == 2


def test_a_clock_that_was_put_back_and_a_new_day_make_another_content(site: None, clock: Clock) -> None:
    tokens = []
    for moment in (
        "2026-11-23T12:00Z",
        "2026-11-23T12:00:05Z",
        "2026-11-23T11:00Z",
        "2026-11-23T21:59:59Z",
        "2026-11-23T22:00Z",
    ):
        clock.now += 1
        with time_machine.travel(moment, tick=False):
            tokens.append(stamp.current().token)
    assert tokens[0] == tokens[1]
    assert len({*tokens[1:4]}) == 2
    assert tokens[3] != tokens[4], "midnight in Riga"


def test_while_the_database_is_away_the_name_stays_and_is_not_known_to_hold(
    site: None, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = stamp.current()

    def fail(*args: object) -> None:
        raise OperationalError("server closed the connection unexpectedly")

    assert registry.scopes()
    with monkeypatch.context() as patch:
        patch.setattr("django.db.backends.utils.CursorWrapper._execute", fail)
        clock.now += 1
        away = stamp.current()
        assert (away.token, away.is_known) == (before.token, False)
        assert registry.scopes() == {}
        assert registry.categories("lv"), "as last known"
    clock.now += 1
    assert stamp.current().is_known
    assert stamp.current().token == before.token


@pytest.mark.parametrize("fails", [False, True])
def test_a_look_never_brings_back_what_another_one_has_found_changed(
    site: None, clock: Clock, monkeypatch: pytest.MonkeyPatch, *, fails: bool
) -> None:
    old, shown, read = stamp.current(), disclosures.current("lv"), stamp._read
    found = []

    def read_while_another_thread_looks() -> str:
        value = read()
        CategoryText.objects.filter(group__varname="hotjar").update(name_lv="Cits vārds")
        monkeypatch.setattr(stamp, "_read", read)
        clock.now -= 0.01  # the other one began earlier, and takes longer
        stamp.renew()
        clock.now += 0.02
        found.append(stamp.current())
        if fails:
            raise OperationalError("too many clients already")
        return value

    clock.now += 1
    monkeypatch.setattr(stamp, "_read", read_while_another_thread_looks)
    with suppress(OperationalError):
        stamp.renew()
    (new,) = found
    assert new.value != old.value
    assert stamp.current().token == new.token
    assert stamp.current().is_known is not fails
    assert disclosures.current("lv") != shown


def test_while_one_thread_looks_the_others_wait_only_when_they_must(site: None, clock: Clock) -> None:
    before = stamp.current()
    with stamp._looking:
        clock.now += 1.9
        assert stamp.current() is before
    clock.now += 0.2
    assert stamp.current() is not before


def test_a_row_that_is_missing_is_no_fault(site: None) -> None:
    ContentStamp.objects.all().delete()
    assert stamp.current().is_known


def test_a_connection_that_broke_is_opened_anew(site: None, monkeypatch: pytest.MonkeyPatch) -> None:
    wrapper = connections["default"]
    original, failures, closed = wrapper.cursor, ["server closed the connection unexpectedly"], []

    def cursor(*args: object, **kwargs: object) -> object:
        if failures:
            raise OperationalError(failures.pop())
        return original(*args, **kwargs)

    with monkeypatch.context() as patch:
        patch.setattr(wrapper, "close", lambda: closed.append(True))  # the test's own transaction must survive
        patch.setattr(wrapper, "in_atomic_block", False)
        patch.setattr(wrapper, "cursor", cursor)
        assert stamp.current().is_known
    assert closed
    assert str(ContentStamp(id=2, value="x")) == "x"
