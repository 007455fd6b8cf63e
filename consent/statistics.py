"""The decisions of the last 12 months in numbers, from the daily summary alone: no record is read."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from django.utils import timezone

from consent.models import DailyCount, DailySummary

MONTHS = 12  # the current one included
Measure = DailyCount.Measure
Counts = Counter[tuple[str, str]]  # by measure and value


@dataclass(frozen=True)
class Tally:
    """How many decisions have which property, by measure and value."""

    counts: Counts

    @property
    def decisions(self) -> int:
        """All of them: each is one event."""
        return sum(count for (measure, _value), count in self.counts.items() if measure == Measure.EVENT)

    def of(self, measure: str, value: str) -> int:
        """Those with one property."""
        return self.counts[measure, value]

    def share(self, category: str) -> int | None:
        """How many of a hundred who were asked for the category allow it; None when nobody was asked."""
        asked = self.of(Measure.ASKED, category)
        return round(100 * self.of(Measure.GRANTED, category) / asked) if asked else None


@dataclass(frozen=True)
class Statistics:
    """The same decisions in several orders; months are all 12, by their first day, also those of each policy version.

    ``counted_at`` is the moment that the numbers reach; None when nothing has been counted yet.
    """

    counted_at: datetime | None
    total: Tally
    months: dict[date, Tally]
    days: dict[date, Tally]
    policies: dict[int, dict[date, Tally]]


def months_until(day: date) -> list[date]:
    """The first days of the last 12 months, the earliest first."""
    last = day.year * 12 + day.month - 1
    return [date(month // 12, month % 12 + 1, 1) for month in range(last - MONTHS + 1, last + 1)]


def together(tallies: Iterable[Tally]) -> Tally:
    """All of them as one."""
    return Tally(sum((tally.counts for tally in tallies), Counter()))


def read() -> Statistics:
    """Two queries, of at most a few dozen rows for each day."""
    newest = DailySummary.objects.first()
    months = months_until(timezone.localdate())

    def empty() -> dict[date, Tally]:
        return {month: Tally(Counter()) for month in months}

    by_month = empty()
    by_policy: dict[int, dict[date, Tally]] = defaultdict(empty)
    by_day: dict[date, Tally] = defaultdict(lambda: Tally(Counter()))
    rows = DailyCount.objects.filter(summary__gte=months[0]).order_by("summary_id", "policy_number")
    facts = rows.values_list("summary_id", "policy_number", "measure", "value", "count")
    for day, policy, measure, value, count in facts:
        month = day.replace(day=1)
        for tally in (by_month[month], by_day[day], by_policy[policy][month]):
            tally.counts[measure, value] += count
    return Statistics(
        counted_at=newest.counted_at if newest else None,
        total=together(by_month.values()),
        months=by_month,
        days=dict(by_day),
        policies=dict(by_policy),
    )
