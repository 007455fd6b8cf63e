"""What every template may ask about consent. Everything is computed only where a template uses it."""

from typing import Any

from django.http import HttpRequest
from django.utils.encoding import escape_uri_path
from django.utils.functional import SimpleLazyObject
from django.utils.translation import get_language

from consent import disclosures
from consent.forms import is_same_site_path
from consent.state import Consent


def consent(request: HttpRequest) -> dict[str, Any]:
    """``consent``, ``disclosure`` (falsy when nothing can be asked) and ``return_path`` for the forms' field next."""
    path = escape_uri_path(request.path)
    return {
        "consent": getattr(request, "consent", None) or Consent(),
        "disclosure": SimpleLazyObject(lambda: disclosures.available(get_language() or "")),
        "return_path": path if is_same_site_path(path) else "/",
    }
