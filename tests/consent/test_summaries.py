"""Decisions are counted by day, each day until it is settled and never after."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from io import StringIO

import pytest
import time_machine
from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from consent import disclosures, retention, summaries
from consent.disclosures import Shown
from consent.models import ConsentRecord, DailyCount, DailySummary
from ossnet_site import triggers
from privacy.models import PolicyVersion
from tests.consent.decide import decide

# A Monday at noon in Riga; the database has a clock of its own, which must be past all of this.
MONDAY = datetime(2021, 11, 22, 10, tzinfo=UTC)
DAY = timedelta(days=1)
Press = Callable[..., Client]


@pytest.fixture
def press(site: None, shown: Shown) -> Press:
    """A new visitor decides; ``visitor`` lets an earlier one decide again."""
    triggers.remove(connection)
    PolicyVersion.objects.filter(number=1).update(effective_at=MONDAY - 9 * DAY)
    triggers.install(connection)
    disclosures.forget_all()

    def decision(name: str, *categories: str, visitor: Client | None = None) -> Client:
        browser = visitor or Client(headers={"Sec-Fetch-Site": "same-origin"})
        current = disclosures.current("lv")
        assert current
        assert decide(browser, name, *categories, disclosure=current.sha256).status_code == 303
        return browser

    return decision


def counts(day: date | None = None) -> dict[str, int]:
    """What is known of one day, or of the only one."""
    rows = DailyCount.objects.filter(summary=day) if day else DailyCount.objects.all()
    return {f"{policy} {value} {measure}": count for policy, measure, value, count in rows.values_list(
        "policy_number", "measure", "value", "count")}  # fmt: skip


def decisions() -> dict[str, int]:
    return {f"{day:%d}": count for day, count in DailySummary.objects.order_by("day").values_list("day", "decisions")}


def test_every_property_of_a_day_is_counted(press: Press) -> None:
    with time_machine.travel(MONDAY, tick=False) as clock:
        everything = press("accept_all")
        press("reject_all")
        press("save", "hotjar")
        clock.shift(60)
        press("withdraw", visitor=everything)
        summaries.bring_up_to_date()
    assert decisions() == {"22": 4}
    assert counts() == {
        "1 given event": 1, "1 refused event": 1, "1 partly_given event": 1, "1 withdrawn event": 1,
        "1 banner_accept control": 1, "1 banner_reject control": 1, "1 settings control": 1, "1 withdrawal control": 1,
        "1 analytics asked": 3, "1 facebook asked": 3, "1 hotjar asked": 3,
        "1 analytics granted": 1, "1 facebook granted": 1, "1 hotjar granted": 2,
    }  # fmt: skip


def test_a_question_about_one_category_counts_for_that_category(press: Press) -> None:
    with time_machine.travel(MONDAY, tick=False):
        press("accept_all")
        record = ConsentRecord.objects.get()
        ConsentRecord.objects.create(
            subject_id=record.subject_id, event="refused", control="banner_reject", decided_at=record.decided_at,
            valid_until=record.valid_until, grants=record.grants | {"hotjar": False}, asked=["hotjar"],
            language="lv", gpc=False,
        )  # fmt: skip
        summaries.bring_up_to_date()
    assert {name: count for name, count in counts().items() if name.endswith(("asked", "granted"))} == {
        "0 hotjar asked": 1, "1 analytics asked": 1, "1 facebook asked": 1, "1 hotjar asked": 1,
        "1 analytics granted": 1, "1 facebook granted": 1, "1 hotjar granted": 1,
    }  # fmt: skip


def test_a_day_begins_at_midnight_in_riga(press: Press) -> None:
    for moment in (datetime(2021, 11, 22, 21, 59, 59), datetime(2021, 11, 22, 22)):  # noqa: DTZ001 - made aware below
        with time_machine.travel(moment.replace(tzinfo=UTC), tick=False):
            press("reject_all")
    with time_machine.travel(MONDAY + DAY, tick=False):
        summaries.bring_up_to_date()
    assert decisions() == {"22": 1, "23": 1}


@pytest.mark.parametrize(("day", "hours"), [(date(2021, 3, 28), 23), (date(2021, 10, 31), 25), (date(2021, 6, 1), 24)])
def test_a_day_is_whole_whatever_its_length(day: date, hours: int) -> None:
    begin, end = (summaries.begin_of(midnight).astimezone(UTC) for midnight in (day, day + DAY))
    assert end - begin == timedelta(hours=hours)


def test_a_second_run_changes_nothing(press: Press) -> None:
    with time_machine.travel(MONDAY, tick=False):
        press("accept_all")
        summaries.bring_up_to_date()
        before = counts()
        assert list(summaries.outstanding()) == [MONDAY.date()]
        summaries.bring_up_to_date()
    assert counts() == before
    assert decisions() == {"22": 1}


def test_today_grows_and_yesterday_is_settled_an_hour_after_midnight(press: Press) -> None:
    monday, tuesday = MONDAY.date(), (MONDAY + DAY).date()
    with time_machine.travel(MONDAY, tick=False) as clock:
        press("accept_all")
        summaries.bring_up_to_date()
        clock.shift(60)
        press("reject_all")
        clock.move_to(datetime(2021, 11, 22, 22, 59, 59, tzinfo=UTC))
        assert list(summaries.outstanding()) == [monday, tuesday]
        summaries.bring_up_to_date()
        assert decisions() == {"22": 2, "23": 0}
        assert list(summaries.outstanding()) == [monday, tuesday], "a decision may still be on its way"
        clock.shift(1)
        summaries.bring_up_to_date()
        assert list(summaries.outstanding()) == [tuesday]


def test_after_a_pause_every_day_is_caught_up_with(press: Press) -> None:
    with time_machine.travel(MONDAY, tick=False) as clock:
        press("accept_all")
        summaries.bring_up_to_date()
        clock.shift(3600)
        press("reject_all")
        clock.move_to(MONDAY + 2 * DAY)
        press("reject_all")
        clock.move_to(MONDAY + 3 * DAY)
        output = StringIO()
        call_command("summarize_decisions", stdout=output)
    assert output.getvalue() == "Counted the decisions of 4 days\n"
    assert decisions() == {"22": 2, "23": 0, "24": 1, "25": 0}


def test_a_run_that_was_stopped_goes_on(press: Press, monkeypatch: pytest.MonkeyPatch) -> None:
    with time_machine.travel(MONDAY, tick=False) as clock:
        for _day in range(4):
            press("reject_all")
            clock.shift(DAY)
        with monkeypatch.context() as broken:
            count = summaries._count
            days: list[date] = []

            def stops(day: date) -> object:
                days.append(day)
                if len(days) == 3:
                    raise KeyboardInterrupt
                return count(day)

            broken.setattr(summaries, "_count", stops)
            with pytest.raises(KeyboardInterrupt):
                summaries.bring_up_to_date()
        assert decisions() == {"22": 1, "23": 1}
        assert summaries.bring_up_to_date() == 3
    assert decisions() == {"22": 1, "23": 1, "24": 1, "25": 1, "26": 0}


def test_numbers_stay_when_the_records_are_purged(press: Press) -> None:
    with time_machine.travel(MONDAY, tick=False) as clock:
        press("accept_all")
        clock.move_to(MONDAY + DAY)
        press("accept_all")
        summaries.bring_up_to_date()
        before = counts(MONDAY.date()), counts((MONDAY + DAY).date())
        # Three years in which nothing was counted: the second day was not settled, and its record is gone, too.
        clock.move_to(MONDAY + 1000 * DAY)
        assert retention.purge().records == 2
        assert summaries.bring_up_to_date() == 1000
        assert (counts(MONDAY.date()), counts((MONDAY + DAY).date())) == before
        assert list(summaries.outstanding()) == [(MONDAY + 1000 * DAY).date()], "it is settled now"


def test_without_a_record_there_is_nothing_to_count(site: None) -> None:
    assert summaries.bring_up_to_date() == 0
    assert not DailySummary.objects.exists()


def test_only_the_records_of_the_days_in_question_are_read(press: Press) -> None:
    with time_machine.travel(MONDAY, tick=False) as clock:
        for _day in range(3):
            press("reject_all")
            clock.shift(DAY)
        summaries.bring_up_to_date()
        with CaptureQueriesContext(connection) as queries:
            summaries.bring_up_to_date()
    (read,) = [query["sql"] for query in queries if '"consent_consentrecord"' in query["sql"]]
    assert '"decided_at" >= ' in read
    assert '"decided_at" < ' in read
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            cursor.execute(f"EXPLAIN QUERY PLAN {read}")
            assert "record_by_moment (decided_at>? AND decided_at<?)" in str(cursor.fetchall())


def test_a_number_says_what_it_counts(press: Press) -> None:
    with time_machine.travel(MONDAY, tick=False):
        press("reject_all")
        summaries.bring_up_to_date()
    assert str(DailySummary.objects.get()) == "22.11.2021"
    assert "2021-11-22, 1, event refused: 1" in [str(row) for row in DailyCount.objects.all()]
