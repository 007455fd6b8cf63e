"""The page of statistics for staff: charts, and the numbers that they show in tables."""

from __future__ import annotations

from collections.abc import Callable, Sequence
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
        "title": capitalized(admin.opts.verbose_name_plural),
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
    length = (timezone.localdate(found.counted_at) - begin).days + 1
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
            lambda tally: [in_words(tally.decisions), *(in_words(tally.of(Measure.EVENT, event)) for event in Event)],
        ),
    )


def withdrawals(found: Statistics) -> Section:
    """How many took something back that they had allowed."""

    def withdrawn(tally: Tally) -> int:
        return tally.of(Measure.EVENT, Event.WITHDRAWN)

    def cells(tally: Tally) -> list[str]:
        share = round(100 * withdrawn(tally) / tally.decisions) if tally.decisions else None
        return [in_words(withdrawn(tally)), as_share(share)]

    per_month = {month: withdrawn(tally) for month, tally in found.months.items()}
    return Section(
        "withdrawals",
        _("Withdrawals"),
        _("Decisions that ended what was allowed and allowed nothing new, whichever control was used."),
        [charts.of_months("withdrawn", _("Withdrawals by month"), per_month)],
        by_month(found, _("Withdrawals by month"), [_("withdrawals"), _("of all decisions")], cells),
    )


def shares(found: Statistics, names: dict[str, str]) -> Section:
    """How many of those who were asked allow a category."""

    def cell(tally: Tally, category: str) -> str:
        asked, granted = (in_words(tally.of(measure, category)) for measure in (Measure.ASKED, Measure.GRANTED))
        return _("%(share)s (%(granted)s of %(asked)s)") % {
            "share": as_share(tally.share(category)),
            "granted": granted,
            "asked": asked,
        }

    return Section(
        "shares",
        _("Share that allows a category"),
        _("Of the decisions that were about it. The withdrawal button is left out, as it asks nothing."),
        [
            charts.of_months(
                f"share-{category}",
                name,
                {month: tally.share(category) for month, tally in found.months.items()},
                top=100,
                words=as_share,
            )
            for category, name in names.items()
        ],
        by_month(
            found,
            _("Share that allows a category, by month"),
            list(names.values()),
            lambda tally: [cell(tally, category) for category in names],
        ),
    )


def controls(found: Statistics) -> Section:
    """Which control was used."""
    most = max(tally.of(Measure.CONTROL, control) for tally in found.months.values() for control in Control)
    return Section(
        "controls",
        _("Control used"),
        _("All on the same scale."),
        [
            charts.of_months(
                f"control-{control}",
                capitalized(control.label),
                {month: tally.of(Measure.CONTROL, control) for month, tally in found.months.items()},
                top=charts.round_top(most),
            )
            for control in Control
        ],
        by_month(
            found,
            _("Control used, by month"),
            [str(control.label) for control in Control],
            lambda tally: [in_words(tally.of(Measure.CONTROL, control)) for control in Control],
        ),
    )


def policies(found: Statistics, names: dict[str, str]) -> Section:
    """The same by the policy version that was in force."""
    latest_first = sorted(found.policies.items(), reverse=True)
    most = max(tally.decisions for months in found.policies.values() for tally in months.values())
    rows = []
    for number, months in latest_first:
        tally = statistics.together(months.values())
        events = [in_words(tally.of(Measure.EVENT, event)) for event in Event]
        used = [in_words(tally.of(Measure.CONTROL, control)) for control in Control]
        allowed = [as_share(tally.share(category)) for category in names]
        rows.append([str(number or "–"), in_words(tally.decisions), *events, *allowed, *used])
    head = [_("Policy version"), _("decisions"), *Event.labels, *names.values(), *Control.labels]
    return Section(
        "policies",
        _("By policy version"),
        _("All on the same scale."),
        [
            charts.of_months(
                f"policy-{number}",
                _("Policy version %(number)s") % {"number": number or "–"},
                {month: tally.decisions for month, tally in months.items()},
                top=charts.round_top(most),
            )
            for number, months in latest_first
        ],
        Table(_("Decisions by policy version"), [str(name) for name in head], rows),
    )


def by_month(found: Statistics, caption: str, head: Sequence[str], cells: Callable[[Tally], Sequence[str]]) -> Table:
    """A row for each month, the latest first, and one for all."""
    rows = [[name_of(month), *cells(tally)] for month, tally in reversed(found.months.items())]
    return Table(caption, [_("Month"), *head], [*rows, [_("All 12 months"), *cells(found.total)]])


def days(found: Statistics, names: dict[str, str]) -> list[Table]:
    """A table for each month, the latest first; days without a decision are left out."""
    head = [_("Day"), _("decisions"), _("withdrawals"), *names.values()]
    tables = []
    for month in reversed(found.months):
        rows = [
            [
                in_digits(day),
                in_words(tally.decisions),
                in_words(tally.of(Measure.EVENT, Event.WITHDRAWN)),
                *(as_share(tally.share(category)) for category in names),
            ]
            for day, tally in found.days.items()
            if day.replace(day=1) == month
        ]
        if rows:
            tables.append(Table(name_of(month), head, rows))
    return tables


def capitalized(words: object) -> str:
    """The words as a heading."""
    text = str(words)
    return text[:1].upper() + text[1:]
