"""The one way in for a draft that becomes law, and for a scheduled version that is called back."""

from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.html import escape
from django.utils.translation import gettext as _

from privacy import completeness, text_checks
from privacy.cleaning import clean
from privacy.models import AUTHORITATIVE_LANGUAGE, PolicyText, PolicyVersion
from privacy.rendering import known_fields


@dataclass(frozen=True)
class Publication:
    """What the publisher decided.

    ``effective_at`` None means at once; ``summaries`` maps a language to its words; ``revision`` is the draft's when
    the publisher read it, None for a text that nobody edits.
    """

    effective_at: datetime | None
    is_material: bool
    summaries: dict[str, str]
    revision: int | None = None


def publish(draft: PolicyVersion, publication: Publication, by: User | None) -> PolicyVersion:
    """Put a draft in force, at once or on its date: all of it is committed, or the draft stays a draft.

    ``by`` is None only for the texts that come with the repository. Raises ValidationError with everything that
    stands in the way.
    """
    with transaction.atomic():
        PolicyVersion.objects.take_turns()
        now = timezone.now()  # after the wait: "at once" must not lie before what was published meanwhile
        version = PolicyVersion.objects.select_for_update().get(pk=draft.pk)
        problems = obstacles(version, publication, by, now)
        if problems:
            raise ValidationError(problems)
        for text in version.texts.all():
            text.change_summary = publication.summaries.get(text.language, "")
            text.save()
        version.effective_at = publication.effective_at or now
        version.is_material = publication.is_material
        version.published_at, version.published_by = now, by
        version.save()
    return version


def obstacles(version: PolicyVersion, publication: Publication, by: User | None, now: datetime) -> list[str]:
    """Everything that forbids the publication, as sentences for the publisher; empty when nothing does."""
    if version.is_published:
        return [_("This version is published already.")]
    if publication.revision not in (None, version.revision):
        return [_("The draft was changed after you opened this page. Read it again before you publish it.")]
    texts = list(version.texts.all())
    problems = [problem for text in texts for problem in text_obstacles(text)]
    problems += [problem for words in publication.summaries.values() for problem in words_obstacles(words)]
    if AUTHORITATIVE_LANGUAGE not in {text.language for text in texts}:
        problems.append(_("The Latvian text is missing: it is the one that counts."))
    moment, standing = publication.effective_at, PolicyVersion.objects.standing()
    if moment is not None and moment < now and standing.exists():
        problems.append(_("The effective date is in the past. Only the first version may look back."))
    if standing.filter(effective_at=moment or now).exists():
        problems.append(_("Another version takes effect at that moment."))
    if standing.exists() and not publication.summaries.get(AUTHORITATIVE_LANGUAGE, "").strip():
        problems.append(_("Say in Latvian what changed."))
    if settings.PRIVACY_FOUR_EYES and by is not None and version.edited_by_id == by.pk:
        problems.append(_("Somebody other than the last editor must publish this version."))
    return problems


def text_obstacles(text: PolicyText) -> list[str]:
    """What forbids publishing one text: blanks that were never filled in, and what an editor could not save either."""
    found = [_("Fill in the blank: %(blank)s") % {"blank": blank} for blank in completeness.blanks(text.body)]
    if clean(text.body) != text.body.strip():
        # Put there by other means than the form. The publisher read it cleaned; what is frozen must be the same.
        found.append(_("The text was not saved by the form of the draft. Open the draft and save it again."))
    return words_obstacles(text.title) + found + text_checks.problems(text.body, known_fields())


def words_obstacles(words: str) -> list[str]:
    """The same for a title or a change summary."""
    found = [_("Fill in the blank: %(blank)s") % {"blank": blank} for blank in completeness.blanks(escape(words))]
    return found + text_checks.problems_of_words(words.strip())


def cancel(version: PolicyVersion) -> None:
    """Call back a scheduled version. Raises ValidationError once it has taken effect, or when it is no such version."""
    now = timezone.now()
    changed = PolicyVersion.objects.scheduled(now).filter(pk=version.pk).update(cancelled_at=now)
    if not changed:
        raise ValidationError(too_late())


def too_late() -> str:
    """Why a version cannot be called back."""
    return _("Only a version that has not taken effect yet can be called back.")
