"""What every template may ask about consent. Everything is computed only where a template uses it."""

from typing import Any

from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject
from django.utils.translation import get_language

from consent import disclosures
from consent.forms import is_same_site_path
from consent.state import Consent


def visitor(request: HttpRequest) -> dict[str, Any]:
    """``consent``, ``disclosure`` (falsy when nothing can be asked) and ``return_path`` for the forms' field next."""
    here = request.get_full_path()
    consent: Consent = getattr(request, "consent", None) or Consent()
    return {
        "consent": consent,
        "disclosure": SimpleLazyObject(lambda: disclosures.available(get_language() or "", consent.undecided)),
        "return_path": here if is_same_site_path(here) else "/",
    }
