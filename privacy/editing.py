"""The one way in for the words of a draft: written, copied from another version, or restored from an earlier save."""

from collections.abc import Mapping
from dataclasses import dataclass

from django.contrib.auth.models import User
from django.db import transaction

from privacy.cleaning import clean
from privacy.models import PolicyText, PolicyVersion


@dataclass(frozen=True)
class Words:
    """A title and a body, which is cleaned when it is kept."""

    title: str
    body: str


class DraftHasMovedOn(Exception):
    """The draft is not the one the editor opened: saved by somebody else since, or published."""

    def __init__(self, now: PolicyVersion) -> None:
        super().__init__(now)
        self.now = now


def lock_draft(version: PolicyVersion, revision: int) -> PolicyVersion:
    """Hold the draft until the transaction ends, if it still is the ``revision`` that was opened.

    Raises DraftHasMovedOn.
    """
    stored = PolicyVersion.objects.select_for_update(of=("self",)).select_related("edited_by").get(pk=version.pk)
    if stored.is_published or stored.revision != revision:
        raise DraftHasMovedOn(stored)
    return stored


def save_draft(draft: PolicyVersion, words: Mapping[str, Words | None], revision: int, by: User) -> PolicyVersion:
    """Keep what changed of ``words`` (language to words; None for a language that is taken out) as the next revision.

    Raises DraftHasMovedOn.
    """
    with transaction.atomic():
        stored = lock_draft(draft, revision)
        changes = [_keep(stored, language, new) for language, new in words.items()]
        if any(changes):
            stored.revision += 1
            stored.edited_by = by
            stored.save(update_fields=["revision", "edited_by"])
    return stored


def new_draft(source: PolicyVersion, by: User) -> PolicyVersion:
    """A draft with the next number and the words of ``source``."""
    with transaction.atomic():
        PolicyVersion.objects.take_turns()
        draft = PolicyVersion.objects.create(number=PolicyVersion.objects.next_number(), edited_by=by)
        for text in source.texts.all():
            draft.texts.create(language=text.language, title=text.title, body=text.body)
    return draft


def _keep(draft: PolicyVersion, language: str, words: Words | None) -> bool:
    """Whether anything changed."""
    text = draft.texts.filter(language=language).first()
    if words is None:
        if text is not None:
            text.delete()
        return text is not None
    title, body = words.title, clean(words.body)
    if text is None:
        text = PolicyText(version=draft, language=language)
    elif (text.title, text.body) == (title, body):
        return False
    text.title, text.body = title, body
    text.save()
    return True
