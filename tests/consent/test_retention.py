"""Evidence cannot be changed, and is deleted only when its time has come."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from io import StringIO
from typing import Any

import pytest
import time_machine
from django.core.management import call_command
from django.db import DatabaseError, IntegrityError, connection, transaction
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from consent import disclosures, retention
from consent.disclosures import Shown
from consent.models import CategoryText, ConsentRecord, CookieDeclaration, Disclosure, GrantsEnded, Purge
from ossnet_site import stamp, triggers
from privacy.models import PolicyVersion
from tests.consent.decide import decide

NOW = datetime(2020, 11, 23, 12, tzinfo=UTC)  # the database has a clock of its own, which must be past all of this
KEPT = timedelta(days=182) + timedelta(days=730)  # 182 days valid, and 24 months that hold no leap day here


def sql(statement: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement.format(or_replace="OR REPLACE" if connection.vendor == "sqlite" else ""))


# Another record's id, as the engine keeps it.
NEW_ID = "'00000000000000000000000000000001'"


def copy_of_the_record(insert: str, otherwise: str = "", **changed: str) -> None:
    """Insert the record once more, as a refusal, with the columns (SQL) that are ``changed``."""
    columns = [str(field.column) for field in ConsentRecord._meta.concrete_fields]
    values = [(changed | {"event": "'refused'"}).get(column, column) for column in columns]
    if "id" in changed and connection.vendor == "postgresql":
        values[columns.index("id")] = f"{changed['id']}::uuid"
    source = f"SELECT {', '.join(values)} FROM consent_consentrecord WHERE TRUE"  # noqa: S608 - SQLite needs the WHERE
    sql(f"{insert} INTO consent_consentrecord ({', '.join(columns)}) {source} {otherwise}")


CHANGES = {
    "an update": lambda: ConsentRecord.objects.update(event="refused"),
    "a save": lambda: ConsentRecord.objects.get().save(),
    "a deletion": lambda: ConsentRecord.objects.all().delete(),
    "raw SQL": lambda: sql("DELETE FROM consent_consentrecord"),
    "other words": lambda: Disclosure.objects.update(content="{{}}"),
    "no words": lambda: sql("DELETE FROM consent_disclosure"),
    "a row over another": lambda: sql(
        "INSERT {or_replace} INTO consent_disclosure (sha256, content, created_at) "
        "SELECT sha256, 'other', created_at FROM consent_disclosure"
    ),
    "a record over another": lambda: copy_of_the_record("INSERT {or_replace}", number="'0000-0000-0000'"),
    "a record over another's number": lambda: copy_of_the_record("INSERT {or_replace}", id=NEW_ID),
    "a record written anew where it stands": lambda: copy_of_the_record(
        "INSERT", "ON CONFLICT (id) DO UPDATE SET event = 'refused'"
    ),
    "a record written anew by its number": lambda: copy_of_the_record(
        "INSERT", "ON CONFLICT (number) DO UPDATE SET event = 'refused'", id=NEW_ID
    ),
    "another reason": lambda: GrantsEnded.objects.update(reason="Other"),
    "no reason": lambda: GrantsEnded.objects.all().delete(),
    "no trace of a purge": lambda: Purge.objects.all().delete(),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES.keys())
def test_the_database_refuses_every_change(visitor: Client, shown: Shown, change: Callable[[], Any]) -> None:
    decide(visitor, "accept_all", disclosure=shown.sha256)
    GrantsEnded.objects.create(category="analytics", reason="r", grants=1, scope_before="a", scope_after="b")
    Purge.objects.create(cutoff=timezone.now())
    with pytest.raises(DatabaseError), transaction.atomic():
        change()
    assert ConsentRecord.objects.get().event == "given"


@pytest.fixture
def three_years(visitor: Client) -> list[ConsentRecord]:
    """Decisions of one visitor a year apart; between the second and the third the words changed."""
    triggers.remove(connection)
    PolicyVersion.objects.filter(number=1).update(effective_at=NOW)
    triggers.install(connection)
    disclosures.forget_all()
    with time_machine.travel(NOW, tick=False) as clock:
        shown = disclosures.current("lv")
        assert shown
        decide(visitor, "accept_all", disclosure=shown.sha256)
        visitor.cookies["consent"]["expires"] = ""
        clock.move_to(NOW + timedelta(days=365))
        decide(visitor, "reject_all", disclosure=shown.sha256)
        CookieDeclaration.objects.filter(cookie__name="_ga").update(purpose_lv="Labāki vārdi.")
        disclosures.forget()
        clock.move_to(NOW + timedelta(days=730))
        now = disclosures.current("lv")
        assert now
        visitor.cookies["consent"]["expires"] = ""
        decide(visitor, "accept_all", disclosure=now.sha256)
    return list(ConsentRecord.objects.order_by("decided_at"))


def purge_at(moment: datetime, batch: int = 1000) -> tuple[int, int]:
    with time_machine.travel(moment, tick=False):
        run = retention.purge(batch)
    assert run.finished_at == moment
    assert str(run)
    assert not Purge.objects.filter(is_deleting=True).exists()
    return run.records, run.disclosures


def test_a_record_is_kept_24_months_after_its_validity_and_its_words_as_long_as_one_needs_them(
    three_years: list[ConsentRecord],
) -> None:
    first, second, third = three_years
    assert purge_at(NOW + KEPT) == (0, 0)
    assert purge_at(NOW + KEPT + timedelta(days=2)) == (1, 0)
    assert list(ConsentRecord.objects.order_by("decided_at")) == [second, third]
    assert ConsentRecord.objects.get(pk=second.pk).previous_id == first.pk
    assert purge_at(NOW + KEPT + timedelta(days=400)) == (1, 1)
    assert list(Disclosure.objects.all()) == [third.disclosure]
    assert purge_at(NOW + KEPT + timedelta(days=800)) == (1, 0), "these words are on the screen"


def test_words_that_nobody_decided_under_go_when_they_are_old(visitor: Client) -> None:
    visitor.get("/")
    assert purge_at(timezone.now()) == (0, 0)
    assert Disclosure.objects.exists()
    triggers.remove(connection)
    Disclosure.objects.update(created_at=timezone.now() - timedelta(days=800))
    triggers.install(connection)
    assert purge_at(timezone.now()) == (0, 0), "anybody can have them on the screen"
    CategoryText.objects.filter(group__varname="analytics").update(purpose_lv="Citi vārdi.")
    disclosures.forget_all()
    stamp.forget()
    assert purge_at(timezone.now()) == (0, 1)


def test_words_that_are_gone_while_they_can_be_shown_are_stored_again_with_the_next_decision(
    committed_site: None,
) -> None:
    triggers.remove(connection)
    visitor = Client(headers={"Sec-Fetch-Site": "same-origin"})
    visitor.get("/")
    shown = disclosures.current("lv")
    assert shown
    assert shown.is_kept
    for decision in ("accept_all", "reject_all"):
        ConsentRecord.objects.all().delete()
        Disclosure.objects.all().delete()
        assert decide(visitor, decision, disclosure=shown.sha256).status_code == 303
    assert {record.disclosure_id for record in ConsentRecord.objects.all()} == {shown.sha256}


def test_any_other_fault_of_a_record_is_no_reason_to_write_it_again(
    visitor: Client, shown: Shown, monkeypatch: pytest.MonkeyPatch
) -> None:
    attempts = []

    def fail(*decision: object) -> None:
        attempts.append(decision)
        raise IntegrityError

    monkeypatch.setattr("consent.quick.write", fail)
    monkeypatch.setattr("consent.recording._look_and_write", fail)
    visitor.get("/")
    with pytest.raises(IntegrityError):
        decide(visitor, "accept_all", disclosure=shown.sha256)
    assert len(attempts) == 1


def test_nothing_lets_evidence_go_before_its_time(visitor: Client, shown: Shown) -> None:
    decide(visitor, "accept_all", disclosure=shown.sha256)
    visitor.get("/en/")
    with pytest.raises(DatabaseError), transaction.atomic():
        Purge.objects.create(cutoff=timezone.now() + timedelta(days=9999), is_deleting=True)
    run = Purge.objects.create(cutoff=timezone.now() + timedelta(days=9999))
    Purge.objects.filter(pk=run.pk).update(is_deleting=True)
    for evidence in (ConsentRecord, Disclosure):
        with pytest.raises(DatabaseError), transaction.atomic():
            evidence.objects.all()._raw_delete("default")
    Purge.objects.filter(pk=run.pk).update(is_deleting=False, finished_at=timezone.now())
    with pytest.raises(DatabaseError), transaction.atomic():
        Purge.objects.filter(pk=run.pk).update(records=0)


def test_it_goes_on_where_it_was_stopped(three_years: list[ConsentRecord], monkeypatch: pytest.MonkeyPatch) -> None:
    deleted = retention._delete
    calls = []

    def crash_at_the_second(*args: Any) -> int:
        calls.append(args)
        if len(calls) == 2:
            raise RuntimeError("power cut")
        return deleted(*args)

    monkeypatch.setattr(retention, "_delete", crash_at_the_second)
    late = NOW + KEPT + timedelta(days=400)
    with pytest.raises(RuntimeError), time_machine.travel(late, tick=False):
        retention.purge(batch=1)
    assert ConsentRecord.objects.count() == 2
    (stopped,) = Purge.objects.all()
    assert (stopped.records, stopped.finished_at, stopped.is_deleting) == (1, None, False)
    with pytest.raises(DatabaseError), transaction.atomic():
        ConsentRecord.objects.all()._raw_delete("default")
    monkeypatch.undo()
    assert purge_at(late, batch=1) == (1, 1)


def test_the_command_says_what_it_did(three_years: list[ConsentRecord], settings: Settings) -> None:
    settings.CONSENT_RETENTION_MONTHS = 1
    output = StringIO()
    with time_machine.travel(NOW + timedelta(days=365), tick=False):
        call_command("purge_consent_records", stdout=output)
    assert output.getvalue() == (
        "Deleted 1 consent records that were valid until 2021-10-23 or earlier, and 0 disclosures\n"
    )


@pytest.mark.parametrize(
    ("now", "months", "expected"),
    [
        (datetime(2028, 3, 31, tzinfo=UTC), 1, datetime(2028, 2, 29, tzinfo=UTC)),
        (datetime(2027, 1, 15, tzinfo=UTC), 1, datetime(2026, 12, 15, tzinfo=UTC)),
        (datetime(2026, 12, 31, tzinfo=UTC), 24, datetime(2024, 12, 31, tzinfo=UTC)),
        (datetime(2026, 12, 31, tzinfo=UTC), 12, datetime(2025, 12, 31, tzinfo=UTC)),
    ],
)
def test_months_are_those_of_the_calendar(now: datetime, months: int, expected: datetime, settings: Settings) -> None:
    settings.CONSENT_RETENTION_MONTHS = months
    assert retention.cutoff(now) == expected
