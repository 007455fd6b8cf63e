"""What needs somebody's attention, on the start page of staff. Each part of the site names its own."""

from collections.abc import Iterator

from django.conf import settings
from django.http import HttpRequest
from django.utils.module_loading import import_string

# Words and the address of the page where something can be done about it, which may be empty.
Notice = tuple[str, str]


def notices(request: HttpRequest) -> Iterator[Notice]:
    """What every function of the setting STAFF_ATTENTION has to say to this member of staff."""
    for path in settings.STAFF_ATTENTION:
        yield from import_string(path)(request)
