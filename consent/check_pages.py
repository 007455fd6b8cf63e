"""The page that takes a receipt and says whether it is valid, and the files that a visitor may take there."""

from datetime import datetime
from typing import Any

from django.core.exceptions import PermissionDenied
from django.core.files.uploadhandler import MemoryFileUploadHandler
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_safe

from consent import checking, disclosures, receipts, statements
from consent.checking import NotAReceipt, Reason, Verdict
from consent.models import ConsentRecord
from consent.models.evidence import as_number
from consent.origin import is_same_origin
from consent.state import ConsentRequest

FORMS = ("application/x-www-form-urlencoded", "multipart/form-data")

VERDICTS = {
    Verdict.VALID: gettext_lazy("The receipt is valid"),
    Verdict.ALTERED: gettext_lazy("The receipt was altered"),
    Verdict.UNKNOWN: gettext_lazy("The receipt is unknown"),
}
REASONS = {
    Reason.SIGNED: gettext_lazy("We signed it, and our log says the same."),
    Reason.PURGED: gettext_lazy(
        "We signed it. The record was in our log and has been deleted since, as its retention period is over; what was "
        "sealed of it agrees."
    ),
    Reason.UNSIGNED: gettext_lazy("It bears no signature, but our log says the same."),
    Reason.UNSIGNED_PURGED: gettext_lazy(
        "It bears no signature. The record was in our log and has been deleted since, as its retention period is over; "
        "what was sealed of it agrees."
    ),
    Reason.DAMAGED: gettext_lazy("It is not what we signed: a character was changed, or a part is missing."),
    Reason.DIFFERS: gettext_lazy("It bears no signature, and our log says something else of this record."),
    Reason.LOG_DIFFERS: gettext_lazy(
        "We signed it, but our log says something else now. Keep the receipt and write to us."
    ),
    Reason.UNKNOWN_KEY: gettext_lazy("It is signed with a key that is not ours, or the name of the key was altered."),
    Reason.OTHER_ISSUER: gettext_lazy("It names another issuer than this site."),
    Reason.NOT_IN_LOG: gettext_lazy("Our log has never held such a record, or holds no trace of it any more."),
}


@csrf_exempt  # no token in a public page; judge() checks the origin instead (docs/adr/0002)
@require_http_methods(["GET", "HEAD", "POST"])
def check(request: HttpRequest) -> HttpResponse:
    """Show the form, or judge what it sent."""
    return judge(request) if request.method == "POST" else page(request)


def judge(request: HttpRequest) -> HttpResponse:
    """The answer in words, with the receipt still in its field; 400 where there is no receipt. Nothing is stored."""
    if not is_same_origin(request):
        raise PermissionDenied
    if request.content_type not in FORMS:
        return HttpResponse(status=415)
    # Only in memory; ossnet_site.middleware has seen to it that it is small.
    request.upload_handlers = [MemoryFileUploadHandler(request)]
    sent = ""
    try:
        sent = text_of(request)
        result = checking.check(sent)
    except NotAReceipt:
        words = _("This is no consent receipt. Paste the whole content of the downloaded file, or choose the file.")
        return never_kept(page(request, 400, sent=sent, explanation=words))
    context: dict[str, Any] = {
        "sent": sent,
        "verdict": VERDICTS[result.verdict],
        "reason": REASONS[result.reason],
        "record": as_shown(result.record) if result.record else None,
    }
    return never_kept(page(request, **context))


def text_of(request: HttpRequest) -> str:
    """What was pasted, unless a file was chosen. Raises NotAReceipt for a file that is no text."""
    file = request.FILES.get("file")
    if file is None:
        return str(request.POST.get("receipt", ""))
    try:
        return str(file.read(), "utf-8-sig")
    except UnicodeDecodeError as error:
        raise NotAReceipt from error


def as_shown(record: dict[str, Any]) -> dict[str, Any]:
    """What the receipt states of its record, in words."""
    shown = disclosures.available(get_language() or "")
    names = {category["slug"]: category["name"] for category in shown.content["categories"]} if shown else {}
    grants = record["grants"].items()
    return {
        "number": record["number"],
        "decided_at": datetime.fromisoformat(record["decided_at"]),
        "event": ConsentRecord.Event(record["event"]).label,
        "granted": [category for category, granted in grants if granted],
        "refused": [category for category, granted in grants if not granted],
        "valid_until": datetime.fromisoformat(record["valid_until"]),
        "names": names,
    }


def page(request: HttpRequest, status: int = 200, **context: object) -> HttpResponse:
    """The form, below the answer if there is one."""
    response = render(request, "consent/check.html", context, status=status)
    response.headers["X-Robots-Tag"] = "noindex"
    return response


@csrf_exempt
@require_safe
def plain_receipt(request: ConsentRequest, number: str) -> HttpResponse:
    """The receipt of one of the visitor's own records, to read."""
    record = own_record(request, number)
    return as_file(statements.as_text(record), record, "json", "application/json")


@csrf_exempt
@require_safe
def signed_receipt(request: ConsentRequest, number: str) -> HttpResponse:
    """The same with our signature."""
    record = own_record(request, number)
    return as_file(statements.signed(record), record, "jws", "application/jose")


def own_record(request: ConsentRequest, number: str) -> ConsentRecord:
    """The record of that number in the history that the cookie leads to. Raises Http404."""
    records = receipts.history(request.consent.choice) if request.consent.choice else []
    record = next((record for record in records if record.number == as_number(number)), None)
    if record is None:
        raise Http404
    return record


def as_file(text: str, record: ConsentRecord, ending: str, content_type: str) -> HttpResponse:
    """A download that belongs to one visitor alone."""
    response = never_kept(HttpResponse(text, content_type=content_type))
    response.headers["Content-Disposition"] = f'attachment; filename="consent-receipt-{record.number}.{ending}"'
    return response


def never_kept(response: HttpResponse) -> HttpResponse:
    """Mark what belongs to one visitor alone."""
    response.headers["Cache-Control"] = "private, no-store"
    response.headers["X-Robots-Tag"] = "noindex"
    return response
