"""The one way in for a decision: everything is committed here before anybody is told."""

import json
import uuid
from collections.abc import Iterable, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from datetime import datetime

from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from consent import decisions, disclosures, outcomes, quick, repeats, services, sqlite_writer
from consent.decisions import Decision
from consent.disclosures import Shown
from consent.models import ConsentRecord, Disclosure
from consent.models.evidence import JURISDICTION, number_of
from consent.services import CATEGORIES, NECESSARY
from consent.state import Answer, Consent, State, StoredChoice, lifetime
from ossnet_site import stamp


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
    """What the visitor had before their eyes: ``shown`` when it still is current, its hash ``stored`` when it is known.

    ``asked`` are the categories of the banner, ``listed`` those of the settings page; both only as far as offered now.
    """

    shown: Shown | None
    stored: str | None
    asked: tuple[str, ...]
    listed: tuple[str, ...]


def record(submission: Submission, consent: Consent) -> StoredChoice:
    """Commit one consent record and return the choice for the cookie; a decision that changes nothing adds none.

    Raises DisclosureChanged when a new grant names other words than the current ones, or a category that was offered
    when the page was drawn and no longer is. A refusal or a withdrawal is honoured whatever it names (GDPR article
    7(3)). Database errors pass through: then nothing was recorded.
    """
    try:
        return _write_at_once(submission, consent) or _look_and_write(submission, consent)
    except IntegrityError:
        if Disclosure.objects.filter(sha256=submission.disclosure_sha256).exists():
            raise
        disclosures.forget_kept()  # the stored copy that this process has seen was purged, or a backup lacks it
        return _look_and_write(submission, consent)


def _write_at_once(submission: Submission, consent: Consent) -> StoredChoice | None:
    """The ordinary decision: a new one about words that this process remembers, written on condition that they stand.

    None when it is anything else, or when the condition does not hold: then nothing was recorded.
    """
    seen_at = stamp.current()
    shown = _still_current(submission, ((), consent.undecided)) if seen_at.is_known else None
    if shown is None or not shown.is_kept:
        return None
    seen = OnScreen(shown, shown.sha256, shown.asked, services.offered_categories())
    decided = decisions.grants(submission.decision, submission.ticked, _about(submission.decision, consent, seen))
    if set(submission.ticked) - decided.keys() or (
        consent.choice and _changes_nothing(decided, consent, gpc=submission.gpc)
    ):
        return None
    now, record_id = timezone.now(), uuid.uuid4()
    answers = _answers(submission, consent, seen, decided, now)
    choice = StoredChoice(record_id, consent.choice.subject_id if consent.choice else uuid.uuid4(), answers)
    row = _row(submission, consent, seen, decided, choice, now)
    press = repeats.press(submission, now)
    with _turns():
        if not quick.write(row, press, seen_at.value):
            return None
    outcomes.stored(str(row["event"]))
    return choice


def _look_and_write(submission: Submission, consent: Consent) -> StoredChoice:
    """Any decision, with a look at what the database holds at this moment."""
    with _turns(), transaction.atomic():
        disclosures.renew()
        seen = _on_screen(submission, consent)
        decided = decisions.grants(submission.decision, submission.ticked, _about(submission.decision, consent, seen))
        new = [category for category, granted in decided.items() if granted and category not in consent.allowed]
        wants_more = submission.decision is Decision.SAVE and not set(submission.ticked) <= decided.keys()
        if wants_more or (new and seen.shown is None):
            raise DisclosureChanged
        if consent.choice and _changes_nothing(decided, consent, gpc=submission.gpc):
            return consent.choice
        return _insert(submission, consent, seen, decided)


def _turns() -> AbstractContextManager[object]:
    """SQLite has one writer: the threads of a process wait for their turn."""
    return sqlite_writer.in_turn() if connection.vendor == "sqlite" else nullcontext()


def _on_screen(submission: Submission, consent: Consent) -> OnScreen:
    """The words of the hash that the form carries, current or as they were stored when they were shown."""
    offered = services.offered_categories()
    if shown := _still_current(submission, ((), consent.undecided)):
        return OnScreen(shown, shown.sha256, shown.asked, offered)
    stored = Disclosure.objects.filter(sha256=submission.disclosure_sha256).first()
    content = json.loads(stored.content) if stored else {}
    asked = tuple(category for category in offered if category in content.get("asked", offered))
    if shown := _still_current(submission, (asked,)):
        return OnScreen(shown, shown.sha256, shown.asked, offered)
    slugs = [category["slug"] for category in content.get("categories", ())] or [NECESSARY, *offered]
    listed = tuple(category for category in offered if category in slugs)
    return OnScreen(None, stored.sha256 if stored else None, asked, listed)


def _still_current(submission: Submission, questions: Iterable[tuple[str, ...]]) -> Shown | None:
    """What is shown now for one of the questions, if the form names it; then it is stored, too."""
    for asked in questions:
        shown = disclosures.current(submission.language, asked)
        if shown is not None and shown.sha256 == submission.disclosure_sha256:
            shown.keep_with_the_record()
            return shown
    return None


def _about(decision: Decision, consent: Consent, seen: OnScreen) -> tuple[str, ...]:
    """The categories that a decision speaks of. A no to everything also ends what is not offered at the moment."""
    offered = services.offered_categories()
    about = {Decision.SAVE: seen.listed, Decision.WITHDRAW: offered}.get(decision, seen.asked)
    if decision is Decision.WITHDRAW or (decision is Decision.REJECT_ALL and about == offered):
        about = tuple(category for category in CATEGORIES if category in (*offered, *consent.allowed))
    return about


def _changes_nothing(decided: Mapping[str, bool], consent: Consent, *, gpc: bool) -> bool:
    stands = {State.GRANTED: True, State.REFUSED: False}
    return all(
        stands.get(consent.own_states.get(category, State.UNDECIDED)) is granted
        and (consent.answers[category].despite_gpc or not gpc)
        for category, granted in decided.items()
    )


def _insert(submission: Submission, consent: Consent, seen: OnScreen, decided: dict[str, bool]) -> StoredChoice:
    now, record_id = timezone.now(), uuid.uuid4()
    subject = consent.choice.subject_id if consent.choice else uuid.uuid4()
    if repeated := repeats.of(submission, record_id, now):
        sqlite_writer.make_safe()
        record_id, subject, now = repeated.pk, repeated.subject_id, repeated.decided_at
    answers = _answers(submission, consent, seen, decided, now)
    choice = StoredChoice(record_id, subject, answers)
    if not repeated:
        row = _row(submission, consent, seen, decided, choice, now)
        ConsentRecord.objects.create(**row)
        outcomes.stored(str(row["event"]))
    return choice


def _row(
    submission: Submission,
    consent: Consent,
    seen: OnScreen,
    decided: dict[str, bool],
    choice: StoredChoice,
    now: datetime,
) -> dict[str, object]:
    """Every column of the record with its value."""
    policy = seen.shown or disclosures.current(submission.language)
    given = [category for category, granted in decided.items() if granted and seen.shown is not None]
    refused = [category for category, granted in decided.items() if not granted]
    answers, expires = choice.answers, lifetime()
    return {
        "id": choice.record_id,
        "number": number_of(choice.record_id),
        "schema_version": ConsentRecord.SCHEMA_VERSION,
        "subject_id": choice.subject_id,
        "previous_id": consent.choice.record_id if consent.choice else None,
        "event": decisions.event(given, refused, consent.allowed).value,
        "control": decisions.CONTROLS[submission.decision].value,
        "decided_at": now,
        "valid_until": now + expires,
        "grants": _standing(answers, consent, decided),
        "asked": list(decided),
        "scopes": {category: answer.scope for category, answer in answers.items() if answer.granted},
        "until": {category: (answer.decided_at + expires).isoformat() for category, answer in answers.items()},
        "disclosure_id": seen.stored,
        "policy_version_id": policy.policy_version.pk if policy else None,
        "policy_sha256": policy.policy_sha256 if policy else "",
        "language": submission.language,
        "jurisdiction": JURISDICTION,
        "path": submission.path,
        "gpc": submission.gpc,
    }


def _answers(
    submission: Submission, consent: Consent, seen: OnScreen, decided: dict[str, bool], now: datetime
) -> dict[str, Answer]:
    """Every answer after the decision.

    One the visitor was not asked for stays as it was. So does a grant that was left standing on a page whose words are
    no longer current: it is not renewed by them.
    """
    scopes = seen.shown.scopes if seen.shown else {}
    new = {
        category: Answer(granted, now, scopes.get(category, "") if granted else "", submission.gpc)
        for category, granted in decided.items()
        if not (granted and seen.shown is None)
    }
    answers = {**consent.answers, **new}
    return {category: answers[category] for category in CATEGORIES if category in answers}


def _standing(answers: Mapping[str, Answer], consent: Consent, decided: Mapping[str, bool]) -> dict[str, bool]:
    """An explicit yes or no for each category that the visitor has ever been asked for."""
    return {category: decided.get(category, category in consent.allowed) for category in answers}
