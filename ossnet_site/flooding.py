"""One client cannot flood the records with decisions (docs/adr/0017)."""

from collections.abc import Callable
from math import ceil
from typing import cast

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from consent import unrecorded
from consent.origin import is_same_origin
from consent.state import ConsentRequest
from ossnet_site import limits
from ossnet_site.views import error_page

# Beside the request: what counting it has said already (ossnet_site.short_way). No client can set it.
COUNTED = "ossnet_site.counted"


class FloodMiddleware:
    """Answers 429 to decisions, checks and browsers' reports beyond the limit; reading a page is never limited."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Pass everything on; which view it is for is known only in ``process_view``."""
        return self.get_response(request)

    def process_view(self, request: HttpRequest, *view: object) -> HttpResponse | None:
        """Count a decision or a report."""
        name = request.resolver_match.view_name if request.resolver_match else ""
        if request.method == "POST" and name == "csp-reports":
            wait = limits.seconds_to_wait("report", request)
            return None if wait is None else HttpResponse(status=429, headers={"Retry-After": str(wait)})
        if request.method == "POST" and name == "consent:check":
            return limit_check(request)
        if request.method == "POST" and name == "consent:cookie-settings":
            return limit_decision(cast("ConsentRequest", request))
        return None


def limit_check(request: HttpRequest) -> HttpResponse | None:
    """Count a receipt to be checked, unless another site sent it."""
    wait = limits.seconds_to_wait("check", request) if is_same_origin(request) else None
    if wait is None:
        return None
    page = error_page(request, 429)
    page.headers["Retry-After"] = str(wait)
    page.headers["Cache-Control"] = "private, no-store"
    return page


def limit_decision(request: ConsentRequest) -> HttpResponse | None:
    """Count a decision. One from another site is not counted: it must not use up what its victim may send."""
    if not is_same_origin(request):
        return None  # the view refuses it
    known = COUNTED in request.META
    wait = request.META[COUNTED] if known else limits.seconds_to_wait("decision", request)
    return None if wait is None else too_many_decisions(request, wait)


def too_many_decisions(request: ConsentRequest, wait: int) -> HttpResponse:
    """429: nothing was recorded and nothing new runs; a no has taken effect in this browser all the same."""
    before = request.consent
    said_no = unrecorded.end_grants(request)
    page = error_page(request, 429, explanation(wait, said_no=said_no))
    if said_no:
        unrecorded.seal(request, page, before)
    page.headers["Retry-After"] = str(wait)
    page.headers["Cache-Control"] = "private, no-store"
    return page


def explanation(wait: int, *, said_no: bool) -> str:
    """What became of the decision, and when to try again."""
    reason = _("Too many choices about cookies came from your network in a short time, so yours has not been recorded.")
    effect = _("Nothing that you said no to runs in this browser any more, and you will be asked again.")
    minutes = ceil(wait / 60)
    again = ngettext("Try again in %(minutes)s minute.", "Try again in %(minutes)s minutes.", minutes)
    again %= {"minutes": minutes}
    return " ".join([reason, effect, again] if said_no else [reason, again])
