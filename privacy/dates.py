"""Dates in running text. Latvian wants the month in the genitive, which Django's month names do not give."""

from datetime import datetime

from django.utils import timezone
from django.utils.formats import date_format

MONTHS_LV_GENITIVE = (
    "janvāra", "februāra", "marta", "aprīļa", "maija", "jūnija",
    "jūlija", "augusta", "septembra", "oktobra", "novembra", "decembra",
)  # fmt: skip


def in_words(moment: datetime, language: str) -> str:
    """The day of ``moment`` in the site's time zone: "2026. gada 22. novembra", "22 November 2026".

    The Latvian words are in the genitive, to stand after "spēkā no".
    """
    day = timezone.localdate(moment)
    if language == "lv":
        return f"{day.year}. gada {day.day}. {MONTHS_LV_GENITIVE[day.month - 1]}"
    return date_format(day, "j F Y")


def in_table(moment: datetime) -> str:
    """The day of ``moment`` in digits: "22.11.2026."."""
    day = timezone.localdate(moment)
    return f"{day:%d.%m.%Y}."
