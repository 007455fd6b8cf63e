"""Sealing: everything once, nothing half, nothing lost, and seals that cannot be changed."""

import threading
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
import time_machine
from django.core.management import CommandError, call_command
from django.db import DatabaseError, OperationalError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from consent import facts, retention, sealing, signing
from consent.disclosures import Shown
from consent.merkle import is_included
from consent.models import ConsentRecord, Seal, SealedRecord
from ossnet_site import triggers
from tests.consent.decide import decide
from tests.consent.seals import DAY, NOW, decided, seal
from tests.consent.test_retention import sql

MINUTE = timedelta(minutes=1)


@pytest.fixture
def clock(db: None) -> Iterator[Any]:
    with time_machine.travel(NOW, tick=False) as clock:
        yield clock


def said() -> str:
    output = StringIO()
    call_command("seal_consent_log", stdout=output)
    return output.getvalue()


def test_a_seal_holds_each_record_and_is_signed(clock: Any) -> None:
    records = [decided(NOW - DAY + step * MINUTE) for step in range(7)]
    assert said() == f"Seal 1 holds 7 consent records; SHA-256 {Seal.objects.get().sha256}\n"
    one = Seal.objects.get()
    assert str(one) == "1"
    assert signing.verified(one.jws, sealing.KIND) == one.content()
    assert (one.tree_size, one.log_size, one.late, one.previous_sha256) == (7, 7, 0, "")
    assert (one.sealed_at, one.cutoff) == (NOW, NOW - sealing.GRACE)
    for record in records:
        proof = sealing.proof(record.pk)
        assert proof
        assert proof["entry"]["record_sha256"] == facts.sha256(facts.of(record))
        path = [bytes.fromhex(step) for step in proof["path"]]
        leaf, root = facts.leaf_hash(proof["entry"]), bytes.fromhex(one.root)
        assert is_included(leaf, proof["leaf_index"], proof["tree_size"], path, root)
        assert str(SealedRecord.objects.get(pk=record.pk)) == str(record.pk)


def test_a_record_that_no_seal_holds_has_no_proof(clock: Any) -> None:
    assert sealing.proof(decided(NOW).pk) is None


def test_a_second_run_and_a_day_without_records_make_no_seal(clock: Any) -> None:
    assert said() == "No consent record waits to be sealed\n"
    decided(NOW - DAY)
    assert said().startswith("Seal 1 holds 1 ")
    assert said() == "No consent record waits to be sealed\n"
    clock.shift(DAY)
    assert said() == "No consent record waits to be sealed\n"
    assert Seal.objects.count() == 1
    decided(NOW)
    assert said().startswith("Seal 2 holds 1 ")
    second, first = Seal.objects.all()
    assert second.previous_sha256 == first.sha256 == first.content_sha256()
    assert second.log_size == 2


def test_a_decision_of_this_minute_waits_for_the_next_run(clock: Any) -> None:
    decided(NOW - DAY)
    decided(NOW - 4 * MINUTE)
    assert [one.tree_size for one in seal()] == [1]
    clock.shift(MINUTE)
    assert seal() == []
    clock.shift(MINUTE)
    assert [(one.tree_size, one.late) for one in seal()] == [(1, 0)]


def test_a_run_with_more_late_records_than_a_seal_takes_does_not_turn_the_cutoff_back(clock: Any) -> None:
    decided(NOW - DAY)
    (first,) = seal()
    for hours in (9, 8, 7):
        decided(NOW - timedelta(hours=hours))
    clock.shift(MINUTE)
    assert [(one.tree_size, one.late, one.cutoff >= first.cutoff) for one in seal(most=2)] == [
        (2, 2, True), (1, 1, True)
    ]  # fmt: skip


def test_a_decision_that_took_long_to_be_committed_is_sealed_next_and_said_to_be_late(clock: Any) -> None:
    decided(NOW - DAY)
    seal()
    decided(NOW - timedelta(hours=2))
    assert said().splitlines()[1] == "1 of them are dated before the end of the seal before"


def test_many_records_make_several_seals_of_one_chain(clock: Any) -> None:
    moments = [NOW - DAY + step * MINUTE for step in (0, 1, 2, 2, 2, 3, 4)]
    for moment in moments:
        decided(moment)
    assert [(one.number, one.tree_size, one.log_size, one.late) for one in seal(most=3)] == [
        (1, 3, 3, 0), (2, 3, 6, 0), (3, 1, 7, 0)
    ]  # fmt: skip
    cutoffs = list(Seal.objects.order_by("number").values_list("cutoff", flat=True))
    assert cutoffs == [moments[2], moments[5], NOW - sealing.GRACE]
    assert SealedRecord.objects.count() == 7


def test_the_cost_is_that_of_the_new_records(clock: Any) -> None:
    def queries() -> list[str]:
        with CaptureQueriesContext(
            connection,
        ) as captured:
            seal()
        return [query["sql"] for query in captured]

    for step in range(200):
        decided(NOW - 9 * DAY + step * MINUTE)
    seal()
    decided(NOW - DAY)
    ran = queries()
    assert len(ran) < 20
    (looked, *_rest) = [query for query in ran if "consent_consentrecord" in query]
    assert '"decided_at" >= ' in looked


@pytest.mark.parametrize("at", ["save", "bulk_create"])
def test_a_seal_that_was_interrupted_leaves_nothing(clock: Any, monkeypatch: pytest.MonkeyPatch, at: str) -> None:
    class PowerCut(BaseException):
        pass

    def cut(*args: Any, **kwargs: Any) -> None:
        raise PowerCut

    for step in range(5):
        decided(NOW - DAY + step * MINUTE)
    with monkeypatch.context() as patch:
        patch.setattr(Seal if at == "save" else SealedRecord.objects, at, cut)
        with pytest.raises(PowerCut):
            seal()
    assert not Seal.objects.exists()
    assert not SealedRecord.objects.exists()
    assert [one.tree_size for one in seal()] == [5]


def test_an_interruption_between_two_seals_keeps_the_first(clock: Any) -> None:
    for step in range(5):
        decided(NOW - DAY + step * MINUTE)
    assert next(sealing.seal_waiting(3)).tree_size == 3
    assert Seal.objects.count() == 1
    assert [(one.number, one.tree_size) for one in seal(3)] == [(2, 2)]


def test_a_run_that_another_one_overtook_refuses_clearly(clock: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    decided(NOW - DAY)
    seal()
    decided(NOW - MINUTE * 10)
    with monkeypatch.context() as patch:
        patch.setattr(sealing, "newest", lambda: None)  # what it read before the other one committed
        with pytest.raises(CommandError, match="Another run has sealed at the same time"):
            said()
    assert Seal.objects.count() == 1
    assert len(seal()) == 1


def test_a_database_that_is_busy_is_said_to_be(clock: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    decided(NOW - DAY)
    with monkeypatch.context() as patch:
        patch.setattr(Seal, "save", lambda *_args, **_options: (_ for _ in ()).throw(OperationalError("locked")))
        with pytest.raises(CommandError, match=r"The database is busy or away \(locked\)"):
            said()
    assert len(seal()) == 1


def test_a_clock_that_was_set_back_seals_nothing_until_it_is_right(clock: Any) -> None:
    decided(NOW - DAY)
    seal()
    clock.move_to(NOW - DAY)
    decided(NOW - 2 * DAY)
    with pytest.raises(CommandError, match="The clock says 2026-11-22 12:00:00 UTC, but seal 1 was made later"):
        said()
    clock.move_to(NOW + DAY)
    assert [(one.tree_size, one.late) for one in seal()] == [(1, 1)]


def test_a_purge_between_two_seals_leaves_the_leaves(clock: Any) -> None:
    old = decided(NOW - 3000 * DAY)
    seal()
    decided(NOW - DAY)
    assert retention.purge().records == 1
    assert not ConsentRecord.objects.filter(pk=old.pk).exists()
    before = sealing.proof(old.pk)
    assert before
    assert [one.number for one in seal()] == [2]
    assert sealing.proof(old.pk) == before


CHANGES: dict[str, Callable[[], Any]] = {
    "another root": lambda: Seal.objects.update(root="0" * 64),
    "no seal": lambda: Seal.objects.all()._raw_delete("default"),
    "a seal over another": lambda: sql(
        "INSERT {or_replace} INTO consent_seal SELECT * FROM consent_seal WHERE number = 1"
    ),
    "another leaf": lambda: SealedRecord.objects.update(record_sha256="0" * 64),
    "no leaf": lambda: SealedRecord.objects.all()._raw_delete("default"),
    "one leaf more": lambda: SealedRecord.objects.create(
        record_id="00000000-0000-4000-8000-000000000000", seal_id=1, position=1, record_sha256="0", valid_until=NOW
    ),
    "a leaf over another": lambda: sql(
        "INSERT {or_replace} INTO consent_sealedrecord SELECT * FROM consent_sealedrecord"
    ),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES.keys())
def test_the_database_refuses_to_change_a_seal(clock: Any, change: Callable[[], Any]) -> None:
    decided(NOW - DAY)
    seal()
    with pytest.raises(DatabaseError), transaction.atomic():
        change()


def test_every_field_of_a_record_is_sealed(visitor: Client, shown: Shown) -> None:
    decide(visitor, "accept_all", disclosure=shown.sha256)
    record = ConsentRecord.objects.get()
    names = {"id": "record_id", "previous": "previous_id", "disclosure": "disclosure_sha256"}
    sealed = facts.of(record)
    assert {names.get(field.name, field.name) for field in ConsentRecord._meta.concrete_fields} == set(sealed)
    assert sealed["policy_version"] == 1
    assert not {"address", "ip", "agent", "user_agent"} & set(sealed)


def test_decisions_that_arrive_between_the_seals_of_a_run_are_sealed_by_it_or_the_next(clock: Any) -> None:
    for step in range(6):
        decided(NOW - DAY + step * MINUTE)
    for one in sealing.seal_waiting(3):
        decided(NOW - DAY + one.number * MINUTE)
        if one.number == 1:
            decided(NOW - MINUTE * 10)
    seal()
    assert SealedRecord.objects.count() == ConsentRecord.objects.count()
    assert not sealing.waiting().exists()


@pytest.mark.skipif(connection.vendor == "sqlite", reason="SQLite has one writer at a time")
@pytest.mark.django_db(transaction=True)
def test_nothing_is_lost_while_decisions_arrive_and_two_runs_seal() -> None:
    triggers.install(connection)
    begin = timezone.now() - timedelta(hours=1)
    failed: list[BaseException] = []

    def arrive() -> None:
        for step in range(25):
            decided(begin + step * MINUTE)
            time.sleep(0.002)

    def run() -> None:
        for _again in range(6):
            try:
                seal(most=4)
            except sealing.CannotSeal:
                time.sleep(0.01)

    def safely(work: Callable[[], None]) -> None:
        try:
            work()
        except BaseException as error:
            failed.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=safely, args=(work,)) for work in (arrive, arrive, run, run)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    seal()
    sealed = set(SealedRecord.objects.values_list("pk", flat=True))
    records = set(ConsentRecord.objects.values_list("pk", flat=True))
    chain = list(Seal.objects.order_by("number"))
    triggers.remove(connection)  # what comes next empties the tables
    assert failed == []
    assert sealed == records
    assert len(sealed) == 50
    assert [one.number for one in chain] == list(range(1, len(chain) + 1))
    assert [one.previous_sha256 for one in chain] == ["", *[one.sha256 for one in chain[:-1]]]
