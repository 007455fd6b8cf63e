"""What needs somebody's attention, on the start page of staff. Each part of the site names its own."""

from collections.abc import Iterator

from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse
from django.utils.module_loading import import_string
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from ossnet_site import security_txt
from privacy.dates import in_words

# Words and the address of the page where something can be done about it, which may be empty.
Notice = tuple[str, str]


def security_contact(request: HttpRequest) -> Iterator[Notice]:
    """In the last 30 days of security.txt, and after, that somebody who can change the program has to renew it."""
    if request.user.is_active and getattr(request.user, "is_superuser", False) and security_txt.is_ending():
        day = in_words(security_txt.EXPIRES, get_language() or "")
        words = _(
            "The published contact for security weaknesses is not valid after %(day)s. A programmer has to renew it."
        )
        yield words % {"day": day}, reverse("security-txt")


def notices(request: HttpRequest) -> Iterator[Notice]:
    """What every function of the setting STAFF_ATTENTION has to say to this member of staff."""
    for path in settings.STAFF_ATTENTION:
        yield from import_string(path)(request)
