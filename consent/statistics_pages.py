"""The page of statistics for staff: charts, and the numbers that they show in tables."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.contrib.admin import ModelAdmin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.dates import MONTHS
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from consent import charts, statistics
from consent.charts import Chart, as_share, in_digits, in_words
from consent.models import CategoryText, ConsentRecord
from consent.services import CATEGORIES
from consent.statistics import Measure, Statistics, Tally

Event, Control = ConsentRecord.Event, ConsentRecord.Control


@dataclass(frozen=True)
class Table:
    """``rows`` begin with their heading."""

    caption: str
    head: Sequence[str]
    rows: Sequence[Sequence[str]]


@dataclass(frozen=True)
class Section:
    """One question with its answer in pictures and in numbers."""

    key: str
    title: str
    note: str
    charts: Sequence[Chart]
    table: Table


def show(admin: ModelAdmin[Any], request: HttpRequest) -> HttpResponse:
    """The last 12 months, as far as they have been counted."""
    if not admin.has_view_permission(request):
        raise PermissionDenied
    found = statistics.read()
    counted = timezone.localtime(found.counted_at) if found.counted_at else None
    names = names_of_categories()
    context = {
        **admin.admin_site.each_context(request),
        "opts": admin.opts,
        "title": admin.opts.verbose_name_plural.capitalize(),
        "counted": f"{in_digits(counted.date())} {counted:%H:%M}" if counted else "",
        "decisions": in_words(found.total.decisions) if found.total.decisions else "",
        "sections": sections(found, names) if found.total.decisions else (),
        "days": days(found, names),
    }
    return TemplateResponse(request, "admin/consent/statistics.html", context)


def names_of_categories() -> dict[str, str]:
    """What the registry calls each category in the language of the page."""
    language = "en" if get_language() == "en" else "lv"
    texts = CategoryText.objects.filter(group__varname__in=CATEGORIES)
    known = dict(texts.values_list("group__varname", f"name_{language}"))
    return {category: known.get(category, category) for category in CATEGORIES}


def name_of(month: date) -> str:
    """The month in a table."""
    return _("%(month)s %(year)s") % {"month": MONTHS[month.month], "year": month.year}


def sections(found: Statistics, names: dict[str, str]) -> tuple[Section, ...]:
    """The questions, each answered for every month."""
    return decisions(found), withdrawals(found), shares(found, names), controls(found), policies(found, names)


def decisions(found: Statistics) -> Section:
    """How many, and what they were."""
    begin = next(iter(found.months))
    length = (timezone.localdate() - begin).days + 1
    every_day = [begin + timedelta(days=place) for place in range(length)]
    per_day = {day: found.days[day].decisions if day in found.days else 0 for day in every_day}
    return Section(
        "decisions",
        _("Decisions"),
        "",
        [charts.of_days("per-day", _("Decisions per day"), per_day)],
        by_month(
            found,
            _("Decisions by month"),
            [_("decisions"), *map(str, Event.labels)],
            lambda tally: [in_words(tally.decisions), *(in_words(tally.of(Measure.EVENT, value)) for value in Event)],
        ),
    )


def withdrawals(found: Statistics) -> Section:
    """How many took something back that they had allowed."""

    def withdrawn(tally: Tally) -> int:
        return tally.of(Measure.EVENT, Event.WITHDRAWN)

    return Section(
        "withdrawals",
        _("Withdrawals"),
        _("Decisions that ended something allowed before and allowed nothing new, whichever control was used."),
        [
            charts.of_months(
                "withdrawn",
                _("Withdrawals by month"),
                {month: withdrawn(tally) for month, tally in found.months.items()},
            )
        ],
        by_month(
            found,
            _("Withdrawals by month"),
            [_("withdrawals"), _("of all decisions")],
            lambda tally: [
                in_words(withdrawn(tally)),
                as_share(round(100 * withdrawn(tally) / tally.decisions) if tally.decisions else None),
            ],
        ),
    )
