"""What others ask of this app: which text is in force now, and is a change to be announced? One query a change."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache

from django.db.models import DateTimeField, Q, Subquery
from django.db.models.functions import Coalesce, Least
from django.utils import timezone

from ossnet_site import stamp
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
    """The version in force, those scheduled and those to announce, as their texts with ``version``, earliest first."""

    texts: tuple[PolicyText, ...]

    def next_change(self, at: datetime) -> datetime | None:
        """The first moment after ``at`` at which a page differs from what it is at ``at``; None when none is known."""
        effects = [_effect(text) for text in self.texts]
        moments = [*effects, *(effect + ANNOUNCED_AFTER_EFFECT for effect in effects)]
        return min((moment for moment in moments if moment > at), default=None)

    def in_force(self, at: datetime, language: str) -> PolicyText | None:
        """The text in force at ``at``: in ``language``, else the authoritative one."""
        begun = [text for text in self.texts if _effect(text) <= at]
        return _in_language(begun, _effect(begun[-1]), language) if begun else None

    def announced(self, at: datetime, language: str) -> tuple[Announcement, ...]:
        """The material changes to announce at ``at``: those to come, and those that took effect lately."""
        moments = dict.fromkeys(_effect(text) for text in self.texts if text.version.is_material)
        return tuple(
            Announcement(_in_language(list(self.texts), moment, language), is_to_come=moment > at)
            for moment in moments
            if at < moment + ANNOUNCED_AFTER_EFFECT
        )


def text_in_force(language: str) -> PolicyText | None:
    """The text in force now, its ``version`` loaded; None before the first. Read-only: it is shared."""
    return _standing(stamp.current().token).in_force(timezone.now(), language)


def announced_changes(language: str) -> tuple[Announcement, ...]:
    """The material changes that every page announces now, each text's ``version`` loaded, the earliest first."""
    return _standing(stamp.current().token).announced(timezone.now(), language)


def next_change(at: datetime) -> datetime | None:
    """The first moment after ``at`` at which the clock alone changes what pages show; None when none is known."""
    return _standing(stamp.current().token).next_change(at)


@lru_cache(maxsize=1)
def _standing(token: str) -> Standing:
    now = timezone.now()
    recent = now - ANNOUNCED_AFTER_EFFECT
    newest = Subquery(PolicyVersion.objects.published(now).values("effective_at")[:1])
    to_announce = Q(version__effective_at__gt=recent, version__is_material=True)
    wanted = Q(version__effective_at__gt=now) | Q(version__effective_at=newest) | to_announce
    # Nothing wanted is older: the database reads the end of an index, however many versions there have been.
    oldest = Least(Coalesce(newest, recent), recent, output_field=DateTimeField())
    stands = {"version__published_at__isnull": False, "version__cancelled_at__isnull": True}
    texts = PolicyText.objects.filter(wanted, version__effective_at__gte=oldest, **stands)
    return Standing(tuple(texts.select_related("version").order_by("version__effective_at")))


def forget() -> None:
    """Ask the database at the next question."""
    _standing.cache_clear()


def _effect(text: PolicyText) -> datetime:
    assert text.version.effective_at is not None  # noqa: S101 - a constraint of the table
    return text.version.effective_at


def _in_language(texts: list[PolicyText], effective_at: datetime, language: str) -> PolicyText:
    """The text in ``language``, else the authoritative one, of the version that takes effect at ``effective_at``."""
    by_language = {text.language: text for text in texts if _effect(text) == effective_at}
    return by_language.get(language) or by_language[AUTHORITATIVE_LANGUAGE]
