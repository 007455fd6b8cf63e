"""Whatever is altered, removed or slipped in is found, and named; what is as it was is said to be."""

import json
from collections.abc import Callable
from datetime import timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client

from consent import facts, retention, sealing, signing
from consent.disclosures import Shown
from consent.models import ConsentRecord, Disclosure, Purge, Seal, SealedRecord
from tests.consent.decide import decide
from tests.consent.seals import DAY, NOW, by_force, decided, seal

MINUTE = timedelta(minutes=1)


@pytest.fixture
def log(db: None) -> list[ConsentRecord]:
    """Three seals over three records each, one record that waits."""
    records = []
    with time_machine.travel(NOW - 4 * DAY, tick=False) as clock:
        for day in range(3):
            records += [decided(NOW - (4 - day) * DAY - step * MINUTE) for step in (30, 20, 10)]
            seal()
            clock.shift(DAY)
        records.append(decided(NOW - DAY))
    return records


def verdict(**options: Any) -> str:
    output = StringIO()
    call_command("verify_consent_log", stdout=output, **options)
    return output.getvalue()


def finding(**options: Any) -> str:
    with pytest.raises(CommandError) as error:
        verdict(**options)
    return str(error.value)


def test_a_log_that_is_as_it_was_is_counted(log: list[ConsentRecord]) -> None:
    assert verdict() == (
        "The log holds: 3 seals, 9 sealed records, 0 purged in time, 1 waiting to be sealed, 0 disclosures\n"
    )


def test_an_empty_log_holds(db: None) -> None:
    assert verdict().startswith("The log holds: 0 seals, 0 sealed records")


ALTERED: dict[str, Callable[[ConsentRecord], Any]] = {
    "event": lambda record: {"event": "withdrawn"},
    "grants": lambda record: {"grants": record.grants | {"analytics": True}},
    "time": lambda record: {"decided_at": record.decided_at + timedelta(microseconds=1)},
    "subject": lambda record: {"subject_id": record.pk},
    "signal": lambda record: {"gpc": True},
    "page": lambda record: {"path": "/x/"},
}


@pytest.mark.parametrize("change", ALTERED.values(), ids=ALTERED.keys())
def test_the_first_altered_record_is_named(log: list[ConsentRecord], change: Callable[[ConsentRecord], Any]) -> None:
    with by_force():
        for record in log[4:6]:
            ConsentRecord.objects.filter(pk=record.pk).update(**change(record))
    assert finding() == f"Record {log[4].number} (position 1 of seal 2) was altered since it was sealed."


def test_the_first_removed_record_is_named(log: list[ConsentRecord]) -> None:
    with by_force():
        ConsentRecord.objects.filter(pk__in=[log[1].pk, log[5].pk])._raw_delete("default")
    assert finding().startswith(f"Record {log[1].number} (position 1 of seal 1) was removed before its time: valid")


def test_a_purge_that_did_not_go_so_far_excuses_nothing(log: list[ConsentRecord]) -> None:
    Purge.objects.create(cutoff=NOW - 700 * DAY)
    with by_force():
        ConsentRecord.objects.filter(pk=log[1].pk)._raw_delete("default")
    assert "no purge went so far" in finding()


def test_a_purge_that_claims_more_than_the_rule_allows_excuses_nothing(log: list[ConsentRecord]) -> None:
    with time_machine.travel(NOW + 400 * DAY, tick=False):  # expired, and to be kept for 24 months since
        Purge.objects.create(cutoff=NOW + 399 * DAY)
        with by_force():
            ConsentRecord.objects.filter(pk=log[1].pk)._raw_delete("default")
        assert "no purge went so far" in finding()


def test_what_was_purged_under_a_shorter_rule_can_be_said(log: list[ConsentRecord]) -> None:
    with time_machine.travel(NOW + 400 * DAY, tick=False):
        Purge.objects.create(cutoff=NOW + 360 * DAY)
        with by_force():
            ConsentRecord.objects.filter(pk=log[1].pk)._raw_delete("default")
        assert "no purge went so far" in finding()
        assert "1 purged in time" in verdict(retention_months=1)


UNREADABLE = [
    ("subject_id", "nobody", "it cannot be read."),
    ("decided_at", "yesterday", "altered since it was sealed."),
    ("grants", '{"analytics": 36028797018963968}', "altered since it was sealed."),
]


@pytest.mark.parametrize(("column", "value", "words"), UNREADABLE)
def test_a_row_that_no_program_of_ours_could_have_written_is_named(
    log: list[ConsentRecord], column: str, value: str, words: str
) -> None:
    is_sqlite = connection.vendor == "sqlite"
    if column != "grants" and not is_sqlite:
        pytest.skip("PostgreSQL keeps no such value")
    key = log[4].pk.hex if is_sqlite else log[4].pk
    with by_force(), connection.cursor() as cursor:
        cursor.execute(f"UPDATE consent_consentrecord SET {column} = %s WHERE id = %s", [value, key])  # noqa: S608
    said = finding()
    assert said.startswith(f"Record {log[4].number} (position 1 of seal 2) was altered")
    assert said.endswith(words)


def test_an_added_record_is_named_whether_the_next_seal_takes_it_or_not(log: list[ConsentRecord]) -> None:
    added = decided(NOW - 3 * DAY)
    assert finding().startswith(f"Record {added.number} was added: it is dated 2026-11-20 12:00:00 UTC, and no seal")
    with time_machine.travel(NOW, tick=False):
        assert [one.late for one in seal()] == [1]
    said = finding()
    assert said.startswith(f"Record {added.number} (position 0 of seal 4) was added late: it is dated 2026-11-20 12:00")
    assert said.endswith("--explained 4")
    assert verdict(explained=[4]).startswith("The log holds: 4 seals, 11 sealed records")


def test_a_record_that_was_added_long_ago_is_never_sealed_and_always_named(log: list[ConsentRecord]) -> None:
    added = decided(NOW - 100 * DAY)
    with time_machine.travel(NOW, tick=False):
        seal()
    assert finding().startswith(f"Record {added.number} was added:")


def test_purged_records_are_counted_and_the_chain_still_holds(db: None) -> None:
    for age in (3000, 2999, 1):
        decided(NOW - age * DAY)
    with time_machine.travel(NOW, tick=False) as clock:
        seal()
        assert retention.purge().records == 2
        clock.shift(DAY)
        decided(NOW)
        seal()
        assert verdict().startswith("The log holds: 2 seals, 2 sealed records, 2 purged in time, 0 waiting")
        with by_force():
            leaf = SealedRecord.objects.order_by("position")[0]
            SealedRecord.objects.filter(pk=leaf.pk).update(valid_until=NOW + DAY)
        assert finding() == "A leaf of seal 1 was altered: the root does not hold."


def test_an_altered_leaf_is_named_by_its_record(log: list[ConsentRecord]) -> None:
    with by_force():
        ConsentRecord.objects.filter(pk=log[4].pk).update(event="withdrawn")
        log[4].event = "withdrawn"
        SealedRecord.objects.filter(pk=log[4].pk).update(record_sha256="0" * 64)
    assert finding() == (
        f"Record {log[4].number} (position 1 of seal 2) or its leaf was altered, and the root of seal 2 does not hold."
    )


def test_a_record_altered_together_with_its_leaf_breaks_the_root(log: list[ConsentRecord]) -> None:
    with by_force():
        ConsentRecord.objects.filter(pk=log[4].pk).update(event="withdrawn")
        altered = facts.sha256(facts.of(ConsentRecord.objects.get(pk=log[4].pk)))
        SealedRecord.objects.filter(pk=log[4].pk).update(record_sha256=altered)
    assert finding() == "A leaf of seal 2 was altered: the root does not hold."


def test_a_leaf_that_is_gone_or_too_many_is_named(log: list[ConsentRecord]) -> None:
    with by_force():
        SealedRecord.objects.filter(pk=log[4].pk)._raw_delete("default")
    assert finding() == "The leaf at position 1 of seal 2 was removed."
    with by_force():
        SealedRecord.objects.filter(seal=2, position=2).update(position=1)
    assert finding() == "The leaf at position 2 of seal 2 was removed."
    with by_force():
        for position in (2, 3):
            SealedRecord.objects.create(
                record_id=f"00000000-0000-4000-8000-00000000000{position}",
                seal_id=2,
                position=position,
                record_sha256="0" * 64,
                valid_until=NOW,
            )
    assert finding() == "The leaf at position 3 of seal 2 was added."


def resigned(number: int, **changes: Any) -> None:
    """A seal made anew by somebody who has the key."""
    one = Seal.objects.get(pk=number)
    for name, value in changes.items():
        setattr(one, name, value)
    one.sha256 = one.content_sha256()
    one.jws = signing.sign(one.content(), sealing.KIND)
    one.save()


def test_an_altered_seal_is_named(log: list[ConsentRecord], settings: Any) -> None:
    kept = Seal.objects.get(pk=2)
    with by_force():
        Seal.objects.filter(pk=2).update(cutoff=NOW - 9 * DAY)
    assert finding() == "Seal 2 was altered: it says something else than what was signed."
    with by_force():
        kept.save()
        Seal.objects.filter(pk=2).update(sha256="0" * 64)
    assert finding() == "Seal 2 was altered: it says something else than what was signed."
    with by_force():
        kept.save()
        Seal.objects.filter(pk=2).update(jws=kept.jws[:-9] + "AAAAAAAAA")
    assert finding() == "Seal 2 was altered: its signature does not hold."
    with by_force():
        resigned(2, cutoff=NOW - 9 * DAY)
    assert finding() == "Seal 2 was altered: seal 3 follows another one."


def test_a_seal_that_is_gone_is_named(log: list[ConsentRecord]) -> None:
    with by_force():
        SealedRecord.objects.filter(seal=2)._raw_delete("default")
        Seal.objects.filter(pk=2)._raw_delete("default")
    assert finding() == "Seal 2 was removed: the next one there is is seal 3."


def test_a_key_that_is_not_in_the_settings_is_named(log: list[ConsentRecord], settings: Any) -> None:
    kid = signing.header_of(Seal.objects.get(pk=1).jws)["kid"]
    rotated = signing.rotated("A" * 42 + "E")
    settings.CONSENT_SIGNING_KEYS = rotated.split(",")
    assert verdict()
    settings.CONSENT_SIGNING_KEYS = rotated.split(",")[:1]
    assert finding() == f"Seal 1 is signed by the key {kid}, which CONSENT_SIGNING_KEYS does not hold."


def test_words_that_were_altered_are_named(visitor: Client, shown: Shown) -> None:
    decide(visitor, "accept_all", disclosure=shown.sha256)
    assert verdict().endswith(", 1 disclosures\n")
    with by_force():
        Disclosure.objects.update(content="{}")
    assert finding() == f"The disclosure {shown.sha256} was altered: its content has another hash."


def test_a_kept_seal_shows_that_the_log_was_cut_off_or_made_anew(
    log: list[ConsentRecord], client: Client, tmp_path: Path
) -> None:
    kept = tmp_path / "consent-log.json"
    kept.write_bytes(client.get("/.well-known/consent-log.json").content)
    assert verdict(kept=kept)
    with by_force():
        SealedRecord.objects.filter(seal=3)._raw_delete("default")
        Seal.objects.filter(pk=3)._raw_delete("default")
    assert verdict()
    assert finding(kept=kept) == "The kept seal 3 is not in the log: seals were removed or made anew."
    with time_machine.travel(NOW, tick=False):
        seal()
    assert verdict()
    assert "made anew" in finding(kept=kept)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{}", "The kept seal is not signed by a key of CONSENT_SIGNING_KEYS."),
        ('{"jws": "x.y.z"}', "The kept seal is not signed by a key of CONSENT_SIGNING_KEYS."),
        ("[]", "it is no JSON object"),
        ("{", "cannot be read as a seal"),
        (None, "cannot be read as a seal"),
    ],
)
def test_a_file_that_is_no_seal_is_said_to_be_none(
    log: list[ConsentRecord], tmp_path: Path, text: str | None, words: str
) -> None:
    kept = tmp_path / "kept.json"
    if text is not None:
        kept.write_text(text)
    assert words in finding(kept=kept)


def test_the_published_seal_is_the_newest(log: list[ConsentRecord], client: Client) -> None:
    response = client.get("/.well-known/consent-log.json")
    newest = Seal.objects.get(pk=3)
    assert json.loads(response.content) == {"seal": newest.content(), "sha256": newest.sha256, "jws": newest.jws}
    assert response.headers["Cache-Control"] == "public, max-age=300"
    assert not response.cookies


def test_before_the_first_seal_none_is_published(client: Client, db: None) -> None:
    assert client.get("/.well-known/consent-log.json").json() == {"seal": None}
