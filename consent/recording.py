"""The one way in for a decision: everything is committed here before anybody is told."""

import json
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.utils import timezone

from consent import decisions, disclosures, repeats, services
from consent.decisions import Decision
from consent.disclosures import Shown
from consent.models import ConsentRecord, Disclosure
from consent.state import Answer, Consent, State, StoredChoice, lifetime


class DisclosureChanged(Exception):
    """The visitor said yes to words that are no longer the ones this site stands by; nothing was recorded."""


@dataclass(frozen=True)
class Submission:
    """A checked form with what the request says of itself. ``path`` is the page of the form, without its query.

    ``sender`` tells one browser's repeated POST from another's, see ``consent.repeats``; empty when it cannot be told.
    """

    decision: Decision
    ticked: tuple[str, ...]
    disclosure_sha256: str
    path: str
    language: str
    gpc: bool
    sender: str = ""


@dataclass(frozen=True)
class OnScreen:
    """What the visitor had before their eyes: ``shown`` when it still is current, ``stored`` whenever it is known."""

    shown: Shown | None
    stored: Disclosure | None
    asked: tuple[str, ...]


def record(submission: Submission, consent: Consent) -> StoredChoice:
    """Commit one consent record and return the choice for the cookie; a decision that changes nothing adds none.

    Raises DisclosureChanged when a new grant names other words than the current ones, or a category that was offered
    when the page was drawn and no longer is. A refusal or a withdrawal is honoured whatever it names (GDPR article
    7(3)). Database errors pass through: then nothing was recorded.
    """
    with transaction.atomic():
        seen = _on_screen(submission, consent)
        asked = seen.asked if submission.decision in decisions.OF_THE_BANNER else services.offered_categories()
        decided = decisions.grants(submission.decision, submission.ticked, asked)
        new = [category for category in asked if decided[category] and category not in consent.granted]
        wants_more = submission.decision is Decision.SAVE and not set(submission.ticked) <= set(asked)
        if wants_more or (new and seen.shown is None):
            raise DisclosureChanged
        if consent.choice and _changes_nothing(decided, consent, gpc=submission.gpc):
            return consent.choice
        return _insert(submission, consent, seen, decided)


def _on_screen(submission: Submission, consent: Consent) -> OnScreen:
    """The current words of the hash that the form carries: those for everything, or for what was left to decide."""
    for asked in dict.fromkeys(((), consent.undecided)):
        shown = disclosures.fresh(submission.language, asked)
        if shown is not None and shown.sha256 == submission.disclosure_sha256:
            return OnScreen(shown, shown.store(), shown.asked)
    offered = services.offered_categories()
    stored = Disclosure.objects.filter(sha256=submission.disclosure_sha256).first()
    asked_then = json.loads(stored.content).get("asked", offered) if stored else offered
    return OnScreen(None, stored, tuple(category for category in offered if category in asked_then))


def _changes_nothing(decided: Mapping[str, bool], consent: Consent, *, gpc: bool) -> bool:
    stands = {State.GRANTED: True, State.REFUSED: False}
    overrules_signal = gpc and not (consent.choice and consent.choice.despite_gpc)
    same = all(stands.get(consent.own_states[category]) is granted for category, granted in decided.items())
    return same and not overrules_signal


def _insert(submission: Submission, consent: Consent, seen: OnScreen, decided: dict[str, bool]) -> StoredChoice:
    now, record_id = timezone.now(), uuid.uuid4()
    repeated = repeats.of(submission, record_id, now)
    if repeated:
        record_id, now = repeated.pk, repeated.decided_at
    answers = _answers(consent, seen, decided, now)
    subject = consent.choice.subject_id if consent.choice else uuid.uuid4()
    if not repeated:
        policy = seen.shown or disclosures.fresh(submission.language)
        ConsentRecord.objects.create(
            id=record_id,
            subject_id=subject,
            previous_id=consent.choice.record_id if consent.choice else None,
            event=decisions.event(decided, consent.granted),
            control=decisions.CONTROLS[submission.decision],
            decided_at=now,
            valid_until=now + lifetime(),
            grants=_standing(answers, consent, decided),
            asked=list(decided),
            scopes={category: answer.scope for category, answer in answers.items() if answer.granted},
            disclosure=seen.stored,
            policy_version=policy.policy_version if policy else None,
            policy_sha256=policy.policy_sha256 if policy else "",
            language=submission.language,
            path=submission.path,
            gpc=submission.gpc,
        )
    return StoredChoice(record_id, subject, answers, despite_gpc=submission.gpc)


def _answers(consent: Consent, seen: OnScreen, decided: dict[str, bool], now: datetime) -> dict[str, Answer]:
    """Every answer after the decision. One the visitor was not asked for stays as it was, and so does a grant that

    was left standing on a page whose words are no longer current: it is not renewed by them.
    """
    before = consent.choice.answers if consent.choice else {}
    scopes = seen.shown.scopes if seen.shown else {}
    new = {
        category: Answer(granted, now, scopes.get(category, "") if granted else "")
        for category, granted in decided.items()
        if not (granted and seen.shown is None)
    }
    return {**before, **new}


def _standing(answers: Mapping[str, Answer], consent: Consent, decided: Mapping[str, bool]) -> dict[str, bool]:
    """An explicit yes or no for each offered category that the visitor has ever been asked for."""
    return {
        category: decided.get(category, category in consent.granted)
        for category in services.offered_categories()
        if category in answers
    }
