"""Template filters of the privacy policy."""

from datetime import datetime

from django import template
from django.utils.translation import get_language

from privacy import dates

register = template.Library()


@register.filter
def day_in_words(moment: datetime) -> str:
    """The day in the active language, as it stands after "in force from"."""
    return dates.in_words(moment, get_language() or "")
