"""The end of evidence: what is past its time is deleted, in batches, each within a transaction of its own.

A record is kept while it is valid and ``CONSENT_RETENTION_MONTHS`` after (GDPR article 5(1)(e)); a disclosure as long
as a record refers to it, or somebody can have it on the screen.
"""

from calendar import monthrange
from datetime import datetime
from itertools import combinations
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet
from django.utils import timezone

from consent import disclosures
from consent.models import ConsentRecord, Disclosure, Purge
from consent.services import offered_categories

BATCH = 1000  # rows


def cutoff(now: datetime, months: int | None = None) -> datetime:
    """What was valid until then, or earlier, has been kept long enough: ``CONSENT_RETENTION_MONTHS``, or ``months``."""
    kept = settings.CONSENT_RETENTION_MONTHS if months is None else months
    year, month = divmod(now.year * 12 + now.month - 1 - kept, 12)
    month += 1
    return now.replace(year=year, month=month, day=min(now.day, monthrange(year, month)[1]))


def purge(batch: int = BATCH) -> Purge:
    """Delete everything past its time and return the finished run.

    Stopped half-way, what was deleted is deleted and counted; the next run goes on with the rest.
    """
    run = Purge.objects.create(cutoff=cutoff(timezone.now()))
    records = ConsentRecord.objects.filter(valid_until__lt=run.cutoff).order_by("valid_until")
    referring = ConsentRecord.objects.filter(disclosure=OuterRef("pk"))
    unused = Disclosure.objects.filter(~Exists(referring), created_at__lt=run.cutoff).exclude(pk__in=_shown_now())
    for counter, rows in (("records", records), ("disclosures", unused.order_by("pk"))):
        while _delete(run, counter, rows, batch):
            pass
    run.finished_at = timezone.now()
    run.save(update_fields=["finished_at"])
    return run


def _shown_now() -> set[str]:
    """The words of every question that a visitor can be asked at the moment, in each language."""
    offered = offered_categories()
    questions = [asked for count in range(len(offered) + 1) for asked in combinations(offered, count)]
    found = [disclosures.current(language, asked) for language, _name in settings.LANGUAGES for asked in questions]
    return {shown.sha256 for shown in found if shown}


def _delete(run: Purge, counter: str, rows: QuerySet[ConsentRecord] | QuerySet[Disclosure], batch: int) -> int:
    with transaction.atomic():
        keys: list[Any] = list(rows.values_list("pk", flat=True)[:batch])
        if keys:
            _let_delete(run, allowed=True)
            # Past Django's collector, which would look for what refers to each row; nothing does.
            deleted = rows.model.objects.filter(pk__in=keys)._raw_delete(rows.db)
            setattr(run, counter, getattr(run, counter) + deleted)
            run.save(update_fields=[counter])
            _let_delete(run, allowed=False)
    return len(keys)


def _let_delete(run: Purge, *, allowed: bool) -> None:
    """Tell the database's triggers; nobody outside of the transaction ever sees it allowed."""
    Purge.objects.filter(pk=run.pk).update(is_deleting=allowed)
