"""Every public page once, before the workers are forked.

What Python writes when code first runs (bytecode made for the types it meets, templates, the resolver's tables, the
catalogue of translations) is then shared by all workers instead of made in each: 6 MB less for each, and the
first visitor after a start waits for nothing.
"""

import io
import logging
import sys
from collections.abc import Callable, Iterable
from itertools import product
from typing import Any

from django.conf import settings
from django.urls import reverse
from django.utils.translation import override

logger = logging.getLogger(__name__)

# Python specialises what has run a few times; Django is asked again where there is a query, as no such page is stored.
QUERIES = ("", "1", "2")
VIEWS = ("show-home", "show-contacts", "privacy:show-policy", "privacy:list-versions", "consent:cookie-settings")


def warm_up(application: Callable[..., Iterable[bytes]]) -> None:
    """Ask for the pages as a visitor at the first of ``ALLOWED_HOSTS`` would, with and without the signal.

    A page that cannot be made stops no start: probes and other pages may well be there.
    """
    try:
        for query, path, signal in product(QUERIES, addresses(), ("", "1")):
            answer = application(environ_of(path, query, signal), lambda *_status_and_headers: None)
            b"".join(answer)
            getattr(answer, "close", lambda: None)()
    except Exception:
        logger.exception("A page could not be made before the start")


def addresses() -> list[str]:
    """The pages in both languages."""
    found = []
    for language, _name in settings.LANGUAGES:
        with override(language):
            found += [reverse(view) for view in VIEWS]
    return found


def environ_of(path: str, query: str, signal: str) -> dict[str, Any]:
    """A request over the scheme that the site expects."""
    host = (settings.ALLOWED_HOSTS or ["localhost"])[0].lstrip(".").replace("*", "localhost")
    environ = {
        "REQUEST_METHOD": "GET",
        "SCRIPT_NAME": "",
        "PATH_INFO": path,
        "QUERY_STRING": query,
        "SERVER_NAME": host,
        "SERVER_PORT": "443",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": "127.0.0.1",
        "HTTP_HOST": host,
        "HTTP_ACCEPT_ENCODING": "gzip, br",
        "wsgi.url_scheme": "https" if settings.HTTPS and not settings.BEHIND_TLS_PROXY else "http",
        "wsgi.input": io.BytesIO(),
        "wsgi.errors": sys.stderr,
    }
    header, value = settings.SECURE_PROXY_SSL_HEADER or ("", "")
    return environ | ({header: value} if header else {}) | ({"HTTP_SEC_GPC": signal} if signal else {})
