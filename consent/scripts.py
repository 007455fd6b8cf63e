"""The scripts and the style of public pages, and the hashes of our files by which the browser recognises them."""

import base64
import hashlib
from functools import lru_cache

from django.conf import settings
from django.contrib.staticfiles import finders
from django.contrib.staticfiles.storage import staticfiles_storage
from django.templatetags.static import static
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe

# What any page may run besides the loaders of granted services. The Content-Security-Policy admits these by their
# hash and nothing else of this site, so that no other file on it, an ungranted loader included, can be run.
PAGE_SCRIPT = "js/site.js"
CLEAR_STORAGE = "js/clear-storage.js"  # on pages of those who have decided
# What every page needs before anything can be painted stands in it.
PAGE_STYLE = "css/site.css"


def integrity(name: str) -> str:
    """The sha384 digest of the file in ``static/`` as browsers receive it, for integrity attributes and the policy.

    Raises FileNotFoundError when there is no such file.
    """
    return _digest(name, "sha384", settings.DEBUG, settings.STATIC_ROOT)


def page_style() -> SafeString:
    """The element that holds ``PAGE_STYLE``."""
    return mark_safe(f"<style>{_content(PAGE_STYLE, settings.DEBUG, settings.STATIC_ROOT).decode()}</style>")  # noqa: S308 - our own file


def page_style_source() -> str:
    """By which the Content-Security-Policy admits that element, and no other."""
    return f"'{_digest(PAGE_STYLE, 'sha256', settings.DEBUG, settings.STATIC_ROOT)}'"


def script(name: str, **data: str) -> SafeString:
    """The element that runs the file ``name``, with ``data`` in data attributes; the browser checks the digest."""
    attributes = format_html_join("", ' data-{}="{}"', data.items())
    return format_html('<script defer src="{}" integrity="{}"{}></script>', static(name), integrity(name), attributes)


@lru_cache(maxsize=256)
def _digest(name: str, algorithm: str, as_written: bool, root: str) -> str:
    digest = hashlib.new(algorithm, _content(name, as_written, root)).digest()
    return f"{algorithm}-{base64.b64encode(digest).decode()}"


@lru_cache(maxsize=256)
def _content(name: str, as_written: bool, root: str) -> bytes:
    """``as_written``: a development server serves the file itself, not the copy that collectstatic made of it."""
    if as_written:
        with open(str(finders.find(name)), "rb") as file:
            return file.read()
    stored = getattr(staticfiles_storage, "stored_name", str)(name)
    with staticfiles_storage.open(stored) as file:
        content: bytes = file.read()
    return content
