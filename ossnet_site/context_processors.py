"""What every template may use."""

from typing import Any

from django.conf import settings
from django.db import Error
from django.http import HttpRequest
from django.urls import reverse, translate_url
from django.utils.encoding import escape_uri_path
from django.utils.functional import SimpleLazyObject
from django.utils.translation import get_language, override

from ossnet_site.company import COMPANY
from privacy.current import Announcement, announced_changes


def site(request: HttpRequest) -> dict[str, Any]:
    """The company's details, this page in the other language, and changes of the policy to announce."""
    return {
        "company": COMPANY,
        "other_language": other_language(request),
        "announcements": SimpleLazyObject(announcements),
    }


def announcements() -> tuple[Announcement, ...]:
    """The material changes to announce; none when the database is away, as the page must stand all the same."""
    try:
        return announced_changes(get_language() or "")
    except Error:
        return ()


def other_language(request: HttpRequest) -> dict[str, str]:
    """Code, own name and address of this page in the other language; the home page where this one has no twin.

    What the page was asked for beside its address, such as the version to compare with, is asked for again.
    """
    code, name = next(pair for pair in settings.LANGUAGES if pair[0] != get_language())
    path = escape_uri_path(request.path)
    address = translate_url(path, code)
    if address == path:
        with override(code):
            address = reverse("show-home")
    elif request.GET:
        address += "?" + request.GET.urlencode()
    return {"code": code, "name": name, "address": address}
