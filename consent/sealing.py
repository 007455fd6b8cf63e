"""Seals the consent records that no seal holds yet; ``consent.verification`` looks whether what was sealed still holds.

Each seal is one transaction: there is all of it or nothing. A decision that is being committed while records are sealed
is in the next seal, however long its transaction took: what counts is that no seal holds the record.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import IntegrityError, OperationalError, transaction
from django.db.models import Exists, OuterRef, QuerySet
from django.utils import timezone

from consent import facts, merkle, signing
from consent.models import ConsentRecord, Seal, SealedRecord

KIND = "consent-log-seal"
# Records of one seal: a proof reads so many rows at most, and decisions on SQLite wait no longer than it takes.
MOST = 1024
# How long a decision may take from its moment to its commit. One that takes longer counts as late.
GRACE = timedelta(minutes=5)
# How far before the last seal records are looked for that came late, by a clock that was set back, or by hand.
LOOK_BACK = timedelta(days=2)


class CannotSeal(Exception):
    """Nothing was sealed; the message says why."""


def seal_waiting(most: int = MOST) -> Iterator[Seal]:
    """Seal every record that waits, ``most`` at a time, and give each new seal once it is committed.

    Raises CannotSeal.
    """
    since = None
    while True:
        try:
            with transaction.atomic():
                seal, since = _seal_next(most, since)
        except IntegrityError as error:
            raise CannotSeal("Another run has sealed at the same time; this one stops. Nothing is lost.") from error
        except OperationalError as error:
            raise CannotSeal(f"The database is busy or away ({error}). What was not sealed waits.") from error
        if seal is None:
            return
        yield seal


def newest() -> Seal | None:
    """The last seal of the chain; None before the first."""
    return Seal.objects.order_by("-number").first()


def waiting(since: datetime | None = None, until: datetime | None = None) -> QuerySet[ConsentRecord]:
    """The records decided in ``[since, until)`` that no seal holds, in the order in which they are sealed."""
    records = ConsentRecord.objects.order_by("decided_at", "pk")
    if since is not None:
        records = records.filter(decided_at__gte=since)
    if until is not None:
        records = records.filter(decided_at__lt=until)
    return records.filter(~Exists(SealedRecord.objects.filter(pk=OuterRef("pk"))))


def proof(record_id: Any) -> dict[str, Any] | None:
    """What shows that a seal holds the record, to whoever has the public key; None while no seal does (3 queries)."""
    leaf = SealedRecord.objects.select_related("seal").filter(pk=record_id).first()
    if leaf is None:
        return None
    leaves = [other.leaf_hash() for other in leaf.seal.leaves.order_by("position")]
    return {
        "entry": leaf.entry(),
        "leaf_index": leaf.position,
        "tree_size": leaf.seal.tree_size,
        "path": [step.hex() for step in merkle.inclusion_proof(leaf.position, leaves)],
        "seal": leaf.seal.jws,
    }


def _seal_next(most: int, since: datetime | None) -> tuple[Seal | None, datetime | None]:
    """The next seal and the moment of its last record, from which the run goes on; None where nothing waits."""
    last, now = newest(), timezone.now()
    if last and last.sealed_at > now:
        raise CannotSeal(f"The clock says {now:%Y-%m-%d %H:%M:%S} UTC, but seal {last} was made later than that.")
    until = now - GRACE
    if last:
        since = since or last.cutoff - LOOK_BACK
    records = list(waiting(since, until).select_related("policy_version")[: most + 1])
    if not records:
        return None, None
    cutoff = until if len(records) <= most else records[most - 1].decided_at
    records = records[:most]
    return _store(last, records, cutoff, now), records[-1].decided_at


def _store(last: Seal | None, records: list[ConsentRecord], cutoff: datetime, now: datetime) -> Seal:
    leaves = [
        SealedRecord(
            record_id=record.pk,
            position=position,
            record_sha256=facts.sha256(facts.of(record)),
            valid_until=record.valid_until,
        )
        for position, record in enumerate(records)
    ]
    seal = Seal(
        number=last.number + 1 if last else 1,
        issuer=settings.CONSENT_ISSUER,
        previous_sha256=last.sha256 if last else "",
        root=merkle.root(leaf.leaf_hash() for leaf in leaves).hex(),
        tree_size=len(leaves),
        log_size=len(leaves) + (last.log_size if last else 0),
        late=sum(record.decided_at < last.cutoff for record in records) if last else 0,
        cutoff=max(cutoff, last.cutoff) if last else cutoff,
        sealed_at=now,
    )
    seal.sha256 = seal.content_sha256()
    seal.jws = signing.sign(seal.content(), KIND)
    seal.save(force_insert=True)
    for leaf in leaves:
        leaf.seal = seal
    SealedRecord.objects.bulk_create(leaves)
    return seal
