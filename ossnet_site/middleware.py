"""Language from the address, size limits, and error pages for answers that would otherwise be bare."""

import re
from collections.abc import Callable

from django.conf import settings
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.utils import translation

from ossnet_site.views import ERRORS, error_page

GetResponse = Callable[[HttpRequest], HttpResponse]

# The page that takes a consent receipt, in both languages: besides the staff pages the only one that takes a file.
CHECKS_RECEIPTS = ("/sikdatnes/parbaude/", "/en/cookies/check/")
# Bytes of a body by the beginning of the address. A decision is a few hundred bytes; 16 KB leaves room and gives a
# flood nothing. A receipt has 5 KB, written in a form three times that. A policy text in two languages, each letter
# written as three, fits in its own.
# The empty beginning is for what is no address, such as the * of "OPTIONS *".
MAX_BODY = {
    "/admin/privacy/": 8 * 1024 * 1024,
    "/admin/": 256 * 1024,
    **dict.fromkeys(CHECKS_RECEIPTS, 64 * 1024),
    "": 16 * 1024,
}
# All cookies together. Ours has 350 bytes; vendors' cookies of a whole domain stay far below.
MAX_COOKIES = 16 * 1024
# What Django makes. Anything else is no session, and PostgreSQL cannot even look for a text with a NUL in it.
SESSION_KEY = re.compile(r"[a-z0-9]{32}")
# Beside the request: the status of what gunicorn could not read as one (ossnet_site.worker). No client can set it.
REFUSED = "ossnet_site.refused"


class LanguageFromPathMiddleware:
    """Activates the language that the address names: ``/en/…`` is English, everything else Latvian.

    Django's LocaleMiddleware also looks at cookies and Accept-Language and must then vary on both; here the same
    address is the same page for everybody.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer in the language of the address."""
        first = request.path_info.split("/")[1:2]
        language = first[0] if first and first[0] in dict(settings.LANGUAGES) else settings.LANGUAGE_CODE
        with translation.override(language):
            request.LANGUAGE_CODE = language
            response = self.get_response(request)
        if response.headers.get("Content-Type", "").startswith(("text/html", "application/atom+xml")):
            response.headers.setdefault("Content-Language", language)
        return response


class ErrorPagesMiddleware:
    """Gives an error without words a page, and answers 503 when the database is away."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer, and put words into an error that has none."""
        if REFUSED in request.META:
            return error_page(request, request.META[REFUSED])
        response = self.get_response(request)
        if response.status_code not in ERRORS or response.streaming or response.content:
            return response
        page = error_page(request, response.status_code)
        for name in {"Allow", "Retry-After"} & set(response.headers):
            page.headers[name] = response.headers[name]
        return page

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """Turn a lost database into a page that says so; everything else stays an error of ours."""
        if isinstance(exception, (OperationalError, InterfaceError)):
            return database_away(request)
        return None


def database_away(request: HttpRequest) -> HttpResponse:
    """503, with the time after which it is worth trying again."""
    page = error_page(request, 503)
    page.headers["Retry-After"] = "30"  # seconds
    return page


class RequestLimitsMiddleware:
    """Refuses what no browser sends: a body too large or of no announced size (413), cookies too large (431).

    An upload too (415), and a NUL in an address of staff (400): PostgreSQL cannot even look for a text that has one.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Refuse before anything is read or computed."""
        if len(request.META.get("HTTP_COOKIE", "")) > MAX_COOKIES:
            return error_page(request, 431)
        if not SESSION_KEY.fullmatch(request.COOKIES.get(settings.SESSION_COOKIE_NAME, "")):
            request.COOKIES.pop(settings.SESSION_COOKIE_NAME, None)
        limit = next(limit for start, limit in MAX_BODY.items() if request.path_info.startswith(start))
        if body_length(request) > limit or "HTTP_TRANSFER_ENCODING" in request.META:
            return error_page(request, 413)
        if (request.content_type or "").startswith("multipart/") and not may_be_multipart(request):
            return error_page(request, 415)
        has_nul = "\x00" in request.path_info or "%00" in request.META.get("QUERY_STRING", "")
        if has_nul and request.path_info.startswith("/admin/"):
            return error_page(request, 400)
        return self.get_response(request)


def may_be_multipart(request: HttpRequest) -> bool:
    """Whether forms are sent that way there. Staff pages drop files; the check of receipts keeps one in memory."""
    return request.path_info in CHECKS_RECEIPTS or request.path_info.startswith("/admin/")


def body_length(request: HttpRequest) -> int:
    """The announced length of the body in bytes; 0 when none or nonsense is announced, as Django then reads nothing."""
    try:
        return int(request.META.get("CONTENT_LENGTH") or 0)
    except ValueError:
        return 0
