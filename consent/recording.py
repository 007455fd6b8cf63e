"""The one way in for a decision: everything is committed here before anybody is told."""

import uuid
from dataclasses import dataclass

from django.db import transaction
from django.utils import timezone

from consent import decisions, disclosures, services
from consent.decisions import Decision
from consent.models import ConsentRecord, Disclosure
from consent.state import Consent, StoredChoice, lifetime


class DisclosureChanged(Exception):
    """The visitor said yes to words that are no longer the ones this site stands by; nothing was recorded."""


@dataclass(frozen=True)
class Submission:
    """A checked form with what the request says of itself. ``path`` is the page of the form, without its query."""

    decision: Decision
    ticked: tuple[str, ...]
    disclosure_sha256: str
    path: str
    language: str
    gpc: bool


def record(submission: Submission, consent: Consent) -> StoredChoice:
    """Commit one consent record and return the choice for the cookie.

    Raises DisclosureChanged when a grant names other words than the current ones, or a category that was offered when
    the page was drawn and no longer is. A refusal or a withdrawal is
    honoured whatever it names (GDPR article 7(3)). Database errors pass through: then nothing was recorded.
    """
    offered = services.offered_categories()
    decided = decisions.grants(submission.decision, submission.ticked, offered)
    wants_more = submission.decision is Decision.SAVE and not set(submission.ticked) <= set(offered)
    with transaction.atomic():
        shown = disclosures.fresh(submission.language)
        saw_current = shown is not None and shown.sha256 == submission.disclosure_sha256
        if wants_more or (any(decided.values()) and not saw_current):
            raise DisclosureChanged
        if shown is not None and saw_current:
            disclosure: Disclosure | None = shown.store()
        else:
            disclosure = Disclosure.objects.filter(sha256=submission.disclosure_sha256).first()
        now = timezone.now()
        row = ConsentRecord.objects.create(
            subject_id=consent.choice.subject_id if consent.choice else uuid.uuid4(),
            previous=_previous(consent.choice),
            event=decisions.event(decided, consent.granted),
            control=decisions.CONTROLS[submission.decision],
            decided_at=now,
            valid_until=now + lifetime(),
            grants=decided,
            disclosure=disclosure,
            policy_version=shown.policy_version if shown else None,
            policy_sha256=shown.policy_sha256 if shown else "",
            language=submission.language,
            path=submission.path,
            gpc=submission.gpc,
        )
    return StoredChoice(record_id=row.pk, subject_id=row.subject_id, decided_at=now, grants=decided)


def _previous(choice: StoredChoice | None) -> ConsentRecord | None:
    """The visitor's record before this one; None when there is none or it has been purged."""
    return ConsentRecord.objects.filter(pk=choice.record_id).first() if choice else None
