"""The settings page, and the one address that takes a decision."""

from typing import NamedTuple
from urllib.parse import urlsplit

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_safe

from consent import cleanup, cookie, disclosures, receipts, recording, repeats
from consent.check_pages import never_kept, own_record
from consent.decisions import Decision
from consent.evidence_pages import as_shown
from consent.forms import BadForm, read
from consent.models.evidence import number_of
from consent.origin import is_same_origin
from consent.recording import DisclosureChanged, Submission
from consent.services import ALL_SERVICES, offered_categories
from consent.state import ConsentRequest, StoredChoice

# Fragments of the confirmations in templates/consent/_confirmation.html: the browser scrolls there and moves focus.
SAVED = "choice-saved"
WITHDRAWN = "consent-withdrawn"
FORM = "application/x-www-form-urlencoded"
# Beside the request: what a decision came to that was made before Django was asked (ossnet_site.short_way). No client
# can set it.
FAILED = "consent.failed"


@csrf_exempt  # no token in a public page; decide() checks the origin instead (docs/adr/0002)
@require_http_methods(["GET", "HEAD", "POST"])
def cookie_settings(request: ConsentRequest) -> HttpResponse:
    """Show the settings page, or take a decision."""
    return decide(request) if request.method == "POST" else settings_page(request)


@csrf_exempt
@require_safe
def receipt(request: ConsentRequest) -> HttpResponse:
    """What this browser's visitor decided, decision by decision; nobody else's is ever shown."""
    choice = request.consent.choice
    records = receipts.history(choice) if choice else []
    purged = number_of(choice.record_id) if choice and not records else ""
    shown = disclosures.available(get_language() or "")
    names = {category["slug"]: category["name"] for category in shown.content["categories"]} if shown else {}
    context = {"records": records, "purged": purged, "names": names}
    return never_kept(render(request, "consent/receipt.html", context))


@csrf_exempt
@require_safe
def receipt_words(request: ConsentRequest, number: str) -> HttpResponse:
    """The words that one of the visitor's own decisions was made under, as they were on the screen."""
    record = own_record(request, number)
    if record.disclosure is None:
        raise Http404
    return as_shown(request, record.disclosure, record=record)


def settings_page(request: HttpRequest, status: int = 200, **context: object) -> HttpResponse:
    """The second layer, without the first one on top; 503 when there is nothing that could be asked."""
    disclosure = disclosures.current(get_language() or "")
    if disclosure is None:
        return HttpResponse(status=503)
    disclosure.keep()
    context = {"disclosure": disclosure, "hide_banner": True, **context}
    response = render(request, "consent/settings.html", context, status=status)
    response.headers["X-Robots-Tag"] = "noindex"
    return response


def decide(request: ConsentRequest) -> HttpResponse:
    """Take the decision; the other content type, and words that changed meanwhile, have pages of their own."""
    if FAILED not in request.META and request.content_type != FORM and is_same_origin(request):
        return HttpResponse(status=415)
    try:
        return answer(request, take(request, get_language() or ""))
    except DisclosureChanged:
        disclosures.forget()
        explanation = _(
            "The text about cookies has changed since you opened the page. Please read it and choose again."
        )
        address = read(request.body).address or reverse("consent:cookie-settings")
        return settings_page(request, status=409, explanation=explanation, return_path=address)


class Taken(NamedTuple):
    """A decision that is recorded, and the page to go back to."""

    choice: StoredChoice
    decision: Decision
    address: str

    @property
    def location(self) -> str:
        """The page, at the confirmation."""
        return f"{self.address}#{WITHDRAWN if self.decision is Decision.WITHDRAW else SAVED}"


def take(request: ConsentRequest, language: str) -> Taken:
    """Record the decision. Nothing is claimed before the commit.

    Raises PermissionDenied, BadForm, DisclosureChanged or a database error, and then nothing was recorded.
    """
    if FAILED in request.META:
        raise request.META[FAILED]
    if not is_same_origin(request):
        raise PermissionDenied
    if not says_utf8(request):
        raise BadForm
    form = read(request.body)
    if not offered_categories() and request.consent.choice is None:
        raise BadForm(_("This site uses only necessary cookies."))
    address = form.address or reverse("consent:cookie-settings")
    submission = Submission(
        decision=form.decision,
        ticked=form.ticked,
        disclosure_sha256=form.disclosure,
        path=urlsplit(address).path,
        language=language,
        gpc=request.consent.gpc,
        sender=repeats.sender(request, request.consent.choice),
    )
    return Taken(recording.record(submission, request.consent), submission.decision, address)


def says_utf8(request: HttpRequest) -> bool:
    """Whether the Content-Type names no other encoding than the one this site's pages are written in."""
    return (request.content_params or {}).get("charset", "utf-8").lower() == "utf-8"


def answer(request: ConsentRequest, taken: Taken) -> HttpResponse:
    """Back to the page, with the cookie, and without the cookies of services that may not run any more."""
    response = HttpResponseRedirect(taken.location, status=303)
    granted = {category for category, given in taken.choice.answers.items() if given.granted}
    ended = [service for service in ALL_SERVICES if service.category not in granted]
    cleanup.expire_cookies(request, response, ended)
    if any(answer.granted and category not in granted for category, answer in request.consent.answers.items()):
        # Empties the storages that the services used; browsers heed it over HTTPS and on localhost.
        response.headers["Clear-Site-Data"] = '"storage"'
    cookie.issue(response, taken.choice)
    return response
