"""Takes the browsers' reports of what the Content-Security-Policy refused, so that staff see an undeclared host.

Anybody can send anything here: only what can be a report of one of our pages is kept, in few and short rows.
"""

from __future__ import annotations

import json
import re
from datetime import timedelta
from typing import Any, NamedTuple
from urllib.parse import SplitResult, urlsplit

from django.conf import settings
from django.db.models import F
from django.http import HttpRequest, HttpResponse
from django.urls import Resolver404, resolve
from django.utils import timezone
from django.utils.translation import get_language_from_path, override
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from consent import csp
from consent.models import CspReport
from ossnet_site import limits

CONTENT_TYPE = "application/csp-report"
MOST_KINDS = 1000  # rows; a new kind beyond them takes the place of the rarest
KEPT = timedelta(days=90)  # since a kind was last seen; looked at whenever a new one comes

DIRECTIVES = {
    *csp.BASE,
    *("script-src-elem", "script-src-attr", "style-src-elem", "style-src-attr", "worker-src", "child-src"),
    *("media-src", "manifest-src", "prefetch-src", "require-trusted-types-for", "trusted-types"),
}
# What a browser names in place of an address.
KEYWORDS = {"inline", "eval", "wasm-eval", "trusted-types-policy", "trusted-types-sink", "data", "blob", "filesystem"}
HOST = re.compile(r"[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?(:[0-9]{1,5})?")


class Refusal(NamedTuple):
    """One thing refused: the pattern of the page's address, the directive, and the host or kind of code."""

    document: str
    directive: str
    blocked: str


@csrf_exempt  # browsers send reports without a token and, some of them, without Origin
@require_POST
def receive(request: HttpRequest) -> HttpResponse:
    """204 for a report, whether or not there was something in it to keep; 400 and 415 for anything else."""
    if request.content_type != CONTENT_TYPE:
        return HttpResponse(status=415)
    try:
        sent = json.loads(request.body)
    except (ValueError, RecursionError):
        return HttpResponse(status=400)
    refusal = refusal_in(sent, request.get_host())
    if refusal:
        keep(refusal, request)
    return HttpResponse(status=204)


def refusal_in(sent: Any, host: str) -> Refusal | None:
    """What ``sent``, the decoded body, reports of a page at ``host``; None for anything that is no such report."""
    body = sent.get("csp-report") if isinstance(sent, dict) else None
    if not isinstance(body, dict):
        return None
    document = page_of(text(body, "document-uri"), host)
    directive = text(body, "effective-directive", "violated-directive").split(" ")[0]
    blocked = what_was_refused(text(body, "blocked-uri"))
    return Refusal(document, directive, blocked) if document and directive in DIRECTIVES and blocked else None


def text(body: dict[str, Any], *names: str) -> str:
    """The first of the fields ``names`` that holds a text; else an empty one."""
    return next((value for name in names if isinstance(value := body.get(name), str)), "")


def page_of(address: str, host: str) -> str:
    """The pattern of the page at ``address``, such as "/sikdatnes/apliecinajums/<str:number>/"; empty if not ours.

    The pattern and not the address: a record number in it would lead to a visitor.
    """
    split = parts(address)
    if split is None or split.netloc != host:
        return ""
    with override(get_language_from_path(split.path) or settings.LANGUAGE_CODE):
        try:
            return f"/{resolve(split.path).route}"[:200]
        except Resolver404:
            return ""


def what_was_refused(address: str) -> str:
    """Scheme and host of ``address``, or the keyword it is; empty for a browser's extension and for nonsense."""
    if address in KEYWORDS:
        return address
    split = parts(address)
    if split is None:
        return ""
    if split.scheme in KEYWORDS:
        return split.scheme
    host = split.netloc.lower()
    return f"{split.scheme}://{host}" if split.scheme in {"http", "https", "ws", "wss"} and HOST.fullmatch(host) else ""


def parts(address: str) -> SplitResult | None:
    """``address`` split; None for what cannot be one."""
    try:
        return urlsplit(address)
    except ValueError:
        return None


def keep(refusal: Refusal, request: HttpRequest) -> None:
    """Count ``refusal``. One client may bring few new kinds, so that it cannot push out what others report."""
    now = timezone.now()
    known = CspReport.objects.filter(**refusal._asdict())
    if known.update(count=F("count") + 1, last_seen=now) or limits.seconds_to_wait("new-report", request):
        return
    CspReport.objects.filter(last_seen__lt=now - KEPT).delete()
    too_many = CspReport.objects.count() - MOST_KINDS + 1
    if too_many > 0:
        rarest = CspReport.objects.order_by("count", "last_seen").values_list("pk", flat=True)[:too_many]
        CspReport.objects.filter(pk__in=list(rarest)).delete()
    row = CspReport(**refusal._asdict(), count=1, first_seen=now, last_seen=now)
    CspReport.objects.bulk_create([row], ignore_conflicts=True)
