"""Numbers as pictures: shapes for an SVG element of whole units, and words for those who do not see them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date

from django.utils.formats import number_format
from django.utils.translation import gettext as _

HEIGHT = 1000  # units of a chart; the style sheet gives it its size
STEP = 100  # units for each place along the chart
GAP = 12  # units that a column stays away from the borders of its place
Words = Callable[[int], str]


@dataclass(frozen=True)
class Column:
    """One column with its words."""

    x: int
    y: int
    width: int
    height: int
    words: str


@dataclass(frozen=True)
class Chart:
    """``area`` is the path of a chart with more places than columns could be told apart; ``top`` its upper end."""

    key: str
    title: str
    description: str
    width: int
    top: str
    begin: str
    end: str
    columns: tuple[Column, ...] = ()
    area: str = ""


def in_words(count: int) -> str:
    """The number with its thousands apart."""
    return str(number_format(count, use_l10n=True, force_grouping=True))


def in_digits(day: date) -> str:
    """The day as tables have it: "22.11.2026."."""
    return f"{day:%d.%m.%Y}."


def as_share(share: int | None) -> str:
    """A hundredth part; a dash for none."""
    return "–" if share is None else _("%(number)s%%") % {"number": share}


def round_top(most: int) -> int:
    """The least of 1, 2, 5, 10, 20, 50 … that is not below ``most``."""
    power = 1
    while power * 10 < most:
        power *= 10
    return next(power * step for step in (1, 2, 5, 10) if power * step >= most)


def of_months(
    key: str, title: str, values: Mapping[date, int | None], *, top: int | None = None, words: Words = in_words
) -> Chart:
    """A column for each month; ``top`` makes charts comparable with each other."""
    known = {month: value for month, value in values.items() if value is not None}
    top = top or round_top(max(known.values(), default=1))
    columns = []
    for place, month in enumerate(values):
        if value := known.get(month):
            height = max(1, value * HEIGHT // top)
            about = f"{month:%m.%Y}.: {words(value)}"
            columns.append(Column(place * STEP + GAP, HEIGHT - height, STEP - 2 * GAP, height, about))
    first, *_between, last = values
    return Chart(
        key=key,
        title=title,
        description=_described({f"{month:%m.%Y}.": value for month, value in known.items()}, words),
        width=len(values) * STEP,
        top=words(top),
        begin=f"{first:%m.%Y}.",
        end=f"{last:%m.%Y}.",
        columns=tuple(columns),
    )


def of_days(key: str, title: str, values: Mapping[date, int]) -> Chart:
    """One area with a step for each day."""
    top = round_top(max(values.values()))
    steps = [f"V{HEIGHT - value * HEIGHT // top}h{STEP}" for value in values.values()]
    first, *_between, last = values
    return Chart(
        key=key,
        title=title,
        description=_described({in_digits(day): value for day, value in values.items()}, in_words),
        width=len(values) * STEP,
        top=in_words(top),
        begin=in_digits(first),
        end=in_digits(last),
        area=f"M0 {HEIGHT}{''.join(steps)}V{HEIGHT}z",
    )


def _described(values: Mapping[str, int], words: Words) -> str:
    """Where the extremes are: the table has all of it."""
    if not values:
        return _("There are no numbers.")
    most, least = max(values, key=values.__getitem__), min(values, key=values.__getitem__)
    return _("Highest: %(most)s (%(when)s). Lowest: %(least)s (%(then)s).") % {
        "most": words(values[most]),
        "when": most,
        "least": words(values[least]),
        "then": least,
    }
