"""The daily summary: what the page of statistics reads, so that it costs the same however many records there are.

A day is counted anew until it has been over for an hour, and never after: its records will be purged, its numbers stay.
"""

from collections import Counter
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta

from django.db import transaction
from django.db.models import Count
from django.utils import timezone

from consent.models import ConsentRecord, DailyCount, DailySummary
from consent.services import CATEGORIES

# A decision takes its moment before its transaction commits; after so long it has committed or never will.
SETTLED_AFTER = timedelta(hours=1)
Measure = DailyCount.Measure
Property = tuple[int, str, str]  # policy number, measure, value


def bring_up_to_date() -> int:
    """Count every day that can have changed since it was last counted; returns how many.

    Each day is a transaction of its own: stopped half-way, the next run goes on with the rest.
    """
    days = list(outstanding())
    for day in days:
        summarize(day)
    return len(days)


def outstanding() -> Iterator[date]:
    """The days that are not settled, until today, the earliest first; none before there is a record."""
    day = _first_outstanding()
    while day and day <= timezone.localdate():
        yield day
        day += timedelta(days=1)


def summarize(day: date) -> None:
    """Count the decisions of one day, whose records are found by their moment: the others are not read."""
    with transaction.atomic():
        now = timezone.now()
        summary, _new = DailySummary.objects.select_for_update().get_or_create(
            day=day, defaults={"decisions": 0, "counted_at": now}
        )
        decisions, properties = _count(day)
        summary.counted_at = now
        # Records are only added, or purged: fewer than before means that the numbers there are know more.
        if decisions >= summary.decisions:
            summary.decisions = decisions
            summary.counts.all().delete()
            DailyCount.objects.bulk_create(
                DailyCount(summary=summary, policy_number=policy, measure=measure, value=value, count=count)
                for (policy, measure, value), count in properties.items()
            )
        summary.save()


def begin_of(day: date) -> datetime:
    """Midnight in the site's time zone; a day has 23 hours in March and 25 in October."""
    return timezone.make_aware(datetime.combine(day, time.min))


def _first_outstanding() -> date | None:
    """After the last settled day; else the first that was ever counted; else that of the first record."""
    day = None
    for day, counted_at in DailySummary.objects.order_by("-day").values_list("day", "counted_at").iterator():
        after = day + timedelta(days=1)
        if counted_at >= begin_of(after) + SETTLED_AFTER:
            return after
    first = None if day else ConsentRecord.objects.order_by("decided_at").values_list("decided_at", flat=True).first()
    return timezone.localdate(first) if first else day


def _count(day: date) -> tuple[int, Counter[Property]]:
    """How many decisions, and how many of each property."""
    records = ConsentRecord.objects.filter(
        decided_at__gte=begin_of(day), decided_at__lt=begin_of(day + timedelta(days=1))
    )
    groups = (
        records.order_by()
        .values_list("policy_version__number", "event", "control", "asked", "grants")
        .annotate(count=Count("pk"))
    )
    decisions, properties = 0, Counter[Property]()
    for policy, event, control, asked, grants, count in groups:
        decisions += count
        for measure, value in _properties(event, control, asked, grants):
            properties[policy or 0, measure, value] += count
    return decisions, properties


def _properties(event: str, control: str, asked: list[str], grants: dict[str, bool]) -> Iterator[tuple[str, str]]:
    """Each measure with its value that a decision counts for."""
    yield Measure.EVENT, event
    yield Measure.CONTROL, control
    if control == ConsentRecord.Control.WITHDRAWAL:
        return
    for category in CATEGORIES:
        if category in asked:
            yield Measure.ASKED, category
            if grants.get(category) is True:
                yield Measure.GRANTED, category
