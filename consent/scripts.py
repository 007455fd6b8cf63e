"""The scripts of public pages, and the hash of every file of ours by which the browser recognises it."""

import base64
import hashlib
from functools import lru_cache

from django.conf import settings
from django.contrib.staticfiles import finders
from django.contrib.staticfiles.storage import staticfiles_storage
from django.templatetags.static import static
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

# What any page may run besides the loaders of granted services. The Content-Security-Policy admits these by their
# hash and nothing else of this site, so that no other file on it, an ungranted loader included, can be run.
PAGE_SCRIPTS = ("js/current-state.js", "js/clear-storage.js", "js/decision.js", "js/contents.js")


def integrity(name: str) -> str:
    """The sha384 digest of the file in ``static/`` as browsers receive it, for integrity attributes and the policy.

    Raises FileNotFoundError when there is no such file.
    """
    return _digest(name, settings.DEBUG, settings.STATIC_ROOT)


def script(name: str, **data: str) -> SafeString:
    """The element that runs the file ``name``, with ``data`` in data attributes; the browser checks the digest."""
    attributes = format_html_join("", ' data-{}="{}"', data.items())
    return format_html('<script defer src="{}" integrity="{}"{}></script>', static(name), integrity(name), attributes)


@lru_cache(maxsize=256)
def _digest(name: str, as_written: bool, root: str) -> str:
    """``as_written``: a development server serves the file itself, not the copy that collectstatic made of it."""
    if as_written:
        with open(str(finders.find(name)), "rb") as file:
            content = file.read()
    else:
        stored = getattr(staticfiles_storage, "stored_name", str)(name)
        with staticfiles_storage.open(stored) as file:
            content = file.read()
    return "sha384-" + base64.b64encode(hashlib.sha384(content).digest()).decode()
