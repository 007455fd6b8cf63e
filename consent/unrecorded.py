"""What a decision still does when it cannot be recorded: a no ends what runs in this browser, a yes starts nothing."""

from dataclasses import replace

from django.http import HttpRequest, HttpResponse

from consent import cleanup, cookie
from consent.decisions import Decision
from consent.services import ALL_SERVICES, offered_categories
from consent.state import Consent, ConsentRequest, StoredChoice


def end_grants(request: ConsentRequest) -> bool:
    """Take the grants that the form says no to from ``request.consent``; whether the form says no to anything.

    Call it before the answer is rendered, and ``seal`` after. These categories count as undecided from then on, as no
    record says that they were refused: nothing of them runs, and the visitor is asked again.
    """
    kept = kept_grants(request)
    if kept is None:
        return False
    before = request.consent
    if before.choice:
        choice = without_grants(before.choice, kept)
        request.consent = Consent(choice, before.now, gpc=before.gpc, scopes=before.scopes)
    return True


def kept_grants(request: HttpRequest) -> set[str] | None:
    """The categories whose grants the form leaves alone; None when it says no to nothing or cannot be understood."""
    if request.content_type != "application/x-www-form-urlencoded":
        return None
    decision = request.POST.get("decision", "")
    if decision == Decision.SAVE:
        ticked = set(request.POST.getlist("category"))
        return None if ticked >= set(offered_categories()) else ticked
    return set() if decision in {Decision.REJECT_ALL, Decision.WITHDRAW} else None


def without_grants(choice: StoredChoice, kept: set[str]) -> StoredChoice:
    """The choice of the same records, without the grants that are not ``kept``; what was refused stays refused."""
    answers = {slug: answer for slug, answer in choice.answers.items() if slug in kept or not answer.granted}
    return replace(choice, answers=answers)


def seal(request: ConsentRequest, response: HttpResponse, before: Consent) -> None:
    """Have the browser forget what ``end_grants`` ended since ``before``: cookies, storages, and the grants themselves.

    Our cookie still names the last record, so that the visitor's receipts stay at hand. A browser without it gets none.
    """
    choice = request.consent.choice
    still = {slug for slug, answer in choice.answers.items() if answer.granted} if choice else set()
    cleanup.expire_cookies(request, response, [service for service in ALL_SERVICES if service.category not in still])
    if choice and choice.answers != before.answers:
        # Empties the storages that the services used; browsers heed it over HTTPS and on localhost.
        response.headers["Clear-Site-Data"] = '"storage"'
        cookie.issue(response, choice)
