"""Looks at the whole log: whether every record, seal and disclosure still is what it was when it was sealed."""

import hashlib
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Max, QuerySet
from django.utils import timezone

from consent import facts, merkle, retention, sealing, signing
from consent.models import ConsentRecord, Disclosure, Purge, Seal, SealedRecord
from consent.models.evidence import number_of

# What a value that no program of ours wrote makes of the reading of a row.
UNREADABLE = (AttributeError, TypeError, ValueError)


class Broken(Exception):
    """The log is not what it was; the message names the first row that shows it."""


@dataclass
class Counts:
    """What was looked at, and found as it was."""

    seals: int = 0
    records: int = 0
    purged: int = 0
    waiting: int = 0
    disclosures: int = 0


def verify(explained: Collection[int] = (), kept: dict[str, Any] | None = None, months: int | None = None) -> Counts:
    """Compute everything anew. Raises Broken.

    ``explained`` are numbers of seals whose late records somebody has looked into. ``kept`` is a seal that was copied
    from ``/.well-known/consent-log.json`` at some time: the log must still hold it. ``months`` is the shortest time
    that records were kept under an earlier setting; without it the present one is taken.
    """
    counts = Counts()
    last = None
    for seal in Seal.objects.order_by("number").iterator():
        _check_seal(seal, last)
        leaves = list(seal.leaves.order_by("position"))
        _check_tree(seal, leaves)
        pairs, due = _pairs(seal, leaves), _purged_until(months)
        for leaf, record in pairs:
            _check_record(leaf, record, due)
            if record and last and seal.number not in explained:
                _check_time(leaf, record, last)
            counts.records += record is not None
            counts.purged += record is None
        counts.seals += 1
        last = seal
    _check_kept(kept)
    _check_unsealed(last)
    counts.waiting = sealing.waiting().count()
    counts.disclosures = _check_disclosures()
    return counts


def _check_seal(seal: Seal, last: Seal | None) -> None:
    """The seal says what was signed, and follows the one before it."""
    expected = last.number + 1 if last else 1
    if seal.number != expected:
        raise Broken(f"Seal {expected} was removed: the next one there is is seal {seal}.")
    try:
        signed = signing.verified(seal.jws, sealing.KIND)
    except signing.UnknownKey:
        kid = signing.header_of(seal.jws)["kid"]
        raise Broken(f"Seal {seal} is signed by the key {kid}, which CONSENT_SIGNING_KEYS does not hold.") from None
    except signing.Altered:
        raise Broken(f"Seal {seal} was altered: its signature does not hold.") from None
    if signed != seal.content() or seal.sha256 != seal.content_sha256():
        raise Broken(f"Seal {seal} was altered: it says something else than what was signed.")
    if seal.previous_sha256 != (last.sha256 if last else ""):
        raise Broken(f"Seal {expected - 1} was altered: seal {seal} follows another one.")


def _check_tree(seal: Seal, leaves: list[SealedRecord]) -> None:
    """The leaves are those of the root that was signed. Names the first that is wrong, as far as it can be known."""
    positions = [leaf.position for leaf in leaves]
    if positions != list(range(seal.tree_size)):
        place = next((place for place, found in enumerate(positions) if place != found), None)
        if place is None:
            place = min(len(positions), seal.tree_size)
        what = "was removed" if place < seal.tree_size else "was added"
        raise Broken(f"The leaf at position {place} of seal {seal} {what}.")
    if merkle.root(leaf.leaf_hash() for leaf in leaves).hex() == seal.root:
        return
    for leaf, record in _pairs(seal, leaves):
        if record is not None and (leaf.record_sha256, leaf.valid_until) != (_sha256(record), record.valid_until):
            raise Broken(f"{_name(leaf)} or its leaf was altered, and the root of seal {seal} does not hold.")
    raise Broken(f"A leaf of seal {seal} was altered: the root does not hold.")


def _pairs(seal: Seal, leaves: list[SealedRecord]) -> list[tuple[SealedRecord, ConsentRecord | None]]:
    records = ConsentRecord.objects.select_related("policy_version")
    try:
        found = {record.pk: record for record in records.filter(pk__in=seal.leaves.order_by().values("pk"))}
    except UNREADABLE:
        found = {leaf.pk: record for leaf in leaves if (record := _read(records, leaf))}
    return [(leaf, found.get(leaf.pk)) for leaf in leaves]


def _read(records: QuerySet[ConsentRecord], leaf: SealedRecord) -> ConsentRecord | None:
    """One by one, so that the record that cannot even be read is named."""
    try:
        return records.filter(pk=leaf.pk).first()
    except UNREADABLE as error:
        raise Broken(f"{_name(leaf)} was altered since it was sealed: it cannot be read.") from error


def _purged_until(months: int | None) -> datetime | None:
    """Up to which moment records have been purged; asked after they were read, as one may be running.

    Never later than the rule allows: a run that claims to have gone further excuses nothing.
    """
    allowed = retention.cutoff(timezone.now(), months)
    until: datetime | None = Purge.objects.aggregate(until=Max("cutoff"))["until"]
    return until and min(until, allowed)


def _check_record(leaf: SealedRecord, record: ConsentRecord | None, due: datetime | None) -> None:
    """The record is what was sealed, or gone because its time had come."""
    if record is None:
        if due is None or leaf.valid_until >= due:
            until = f"{leaf.valid_until:%Y-%m-%d}"
            raise Broken(f"{_name(leaf)} was removed before its time: valid until {until}, and no purge went so far.")
    elif _sha256(record) != leaf.record_sha256:
        raise Broken(f"{_name(leaf)} was altered since it was sealed.")


def _check_time(leaf: SealedRecord, record: ConsentRecord, last: Seal) -> None:
    """The record was not slipped in after its time: the seal before says that it holds all of that time."""
    if record.decided_at < last.cutoff:
        raise Broken(
            f"{_name(leaf)} was added late: it is dated {record.decided_at:%Y-%m-%d %H:%M:%S} UTC, before the end of "
            f"seal {last}, which does not hold it. If that was looked into: --explained {leaf.seal_id}"
        )


def _check_unsealed(last: Seal | None) -> None:
    """No record is dated before the end of the last seal and held by none."""
    if last is None:
        return
    record = sealing.waiting(until=last.cutoff).first()
    if record:
        raise Broken(
            f"Record {record.number} was added: it is dated {record.decided_at:%Y-%m-%d %H:%M:%S} UTC, and no seal "
            f"holds it, though seal {last} ends later."
        )


def _check_kept(kept: dict[str, Any] | None) -> None:
    """The log still holds a seal that a third party kept."""
    if kept is None:
        return
    try:
        signed = signing.verified(str(kept.get("jws")), sealing.KIND)
    except signing.NotSigned:
        raise Broken("The kept seal is not signed by a key of CONSENT_SIGNING_KEYS.") from None
    if not Seal.objects.filter(number=signed["number"], jws=kept["jws"]).exists():
        raise Broken(f"The kept seal {signed['number']} is not in the log: seals were removed or made anew.")


def _check_disclosures() -> int:
    count = 0
    for disclosure in Disclosure.objects.order_by("created_at", "pk").iterator(chunk_size=100):
        if hashlib.sha256(disclosure.content.encode()).hexdigest() != disclosure.pk:
            raise Broken(f"The disclosure {disclosure.pk} was altered: its content has another hash.")
        count += 1
    return count


def _sha256(record: ConsentRecord) -> str:
    """Empty, which is no hash, for what has no canonical form."""
    try:
        return facts.sha256(facts.of(record))
    except UNREADABLE:
        return ""


def _name(leaf: SealedRecord) -> str:
    return f"Record {number_of(leaf.pk)} (position {leaf.position} of seal {leaf.seal_id})"
