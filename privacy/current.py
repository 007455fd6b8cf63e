"""What others ask of this app: which text is in force now, and is a change to be announced? One query a second."""

import time
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache

from django.db.models import Q
from django.utils import timezone

from privacy.models import AUTHORITATIVE_LANGUAGE, PolicyText, PolicyVersion

# A material change is announced from its publication until this long after it took effect.
ANNOUNCED_AFTER_EFFECT = timedelta(days=30)


@dataclass(frozen=True)
class Announcement:
    """A material change that every page tells of; ``is_to_come`` until it takes effect."""

    text: PolicyText
    is_to_come: bool


@dataclass(frozen=True)
class Standing:
    """The version in force and those scheduled, as their texts with ``version`` loaded, the earliest first."""

    texts: tuple[PolicyText, ...]

    def in_force(self, at: datetime, language: str) -> PolicyText | None:
        """The text in force at ``at``: in ``language``, else the authoritative one."""
        begun = [text for text in self.texts if _effect(text) <= at]
        return _in_language(begun, _effect(begun[-1]), language) if begun else None

    def announced(self, at: datetime, language: str) -> Announcement | None:
        """The material change to announce at ``at``: the next to come, else one that took effect lately."""
        material = [text for text in self.texts if text.version.is_material]
        to_come = [text for text in material if _effect(text) > at]
        in_force = self.in_force(at, language)
        if to_come:
            return Announcement(_in_language(to_come, _effect(to_come[0]), language), is_to_come=True)
        if in_force is not None and in_force.version.is_material and _is_recent(in_force, at):
            return Announcement(in_force, is_to_come=False)
        return None


def text_in_force(language: str) -> PolicyText | None:
    """The text in force now, its ``version`` loaded; None before the first. Read-only: it is shared."""
    return _standing(int(time.monotonic())).in_force(timezone.now(), language)


def announced_change(language: str) -> Announcement | None:
    """The material change that every page announces now, its text's ``version`` loaded; None when there is none."""
    return _standing(int(time.monotonic())).announced(timezone.now(), language)


def read_text_in_force(language: str) -> PolicyText | None:
    """The same as ``text_in_force``, asked of the database now."""
    return _read().in_force(timezone.now(), language)


@lru_cache(maxsize=1)
def _standing(second: int) -> Standing:
    return _read()


def _read() -> Standing:
    now = timezone.now()
    newest = PolicyVersion.objects.published(now).values("effective_at")[:1]
    current_or_later = Q(version__effective_at__gt=now) | Q(version__effective_at=newest)
    texts = PolicyText.objects.filter(current_or_later, version__in=PolicyVersion.objects.standing())
    return Standing(tuple(texts.select_related("version").order_by("version__effective_at")))


def forget() -> None:
    """Ask the database at the next question."""
    _standing.cache_clear()


def _effect(text: PolicyText) -> datetime:
    assert text.version.effective_at is not None  # noqa: S101 - a constraint of the table
    return text.version.effective_at


def _is_recent(text: PolicyText, at: datetime) -> bool:
    return at < _effect(text) + ANNOUNCED_AFTER_EFFECT


def _in_language(texts: list[PolicyText], effective_at: datetime, language: str) -> PolicyText:
    """The text in ``language``, else the authoritative one, of the version that takes effect at ``effective_at``."""
    by_language = {text.language: text for text in texts if _effect(text) == effective_at}
    return by_language.get(language) or by_language[AUTHORITATIVE_LANGUAGE]
