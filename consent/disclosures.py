"""What is shown to a visitor who decides, as data: the page is drawn from it, and the record refers to its hash."""

import hashlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import lru_cache, partial
from typing import Any

import rfc8785
from django.conf import settings
from django.db import Error, transaction
from django.urls import reverse
from django.utils import translation

from consent import registry, words
from consent.models import Disclosure
from consent.registry import Category, RegistryIncomplete
from ossnet_site import stamp
from privacy.current import forget as forget_policy
from privacy.current import text_in_force
from privacy.models import PolicyText, PolicyVersion

SCHEMA_VERSION = 2
_kept: set[str] = set()  # hashes that this process has seen in the database


@dataclass(frozen=True)
class Shown:
    """Both layers in one language: ``content`` is plain JSON data, ``sha256`` the hex hash of its canonical form."""

    content: dict[str, Any]
    canonical: str
    sha256: str
    policy_version: PolicyVersion
    policy_sha256: str
    scopes: Mapping[str, str]

    @property
    def asked(self) -> tuple[str, ...]:
        """The categories that the banner asks for; the settings page always shows all."""
        return tuple(self.content["asked"])

    def store(self) -> Disclosure:
        """The stored copy, written if there is none (1 query)."""
        disclosure = Disclosure(sha256=self.sha256, content=self.canonical)
        Disclosure.objects.bulk_create([disclosure], ignore_conflicts=True)
        return disclosure

    def keep(self) -> None:
        """The same for what is on a screen, once in each process: it can be shown again whatever comes of it."""
        if self.sha256 not in _kept:
            self.store()
            _kept.add(self.sha256)

    @property
    def is_kept(self) -> bool:
        """Whether this process has seen the stored copy."""
        return self.sha256 in _kept

    def keep_with_the_record(self) -> None:
        """The same within a transaction, which may yet fail: only its commit is something to remember."""
        if self.sha256 not in _kept:
            self.store()
            transaction.on_commit(partial(_kept.add, self.sha256))


_last: dict[tuple[str, tuple[str, ...]], tuple[PolicyText | None, tuple[Category, ...], Shown | None]] = {}


def current(language: str, asked: tuple[str, ...] = ()) -> Shown | None:
    """What is shown now to a visitor who is asked for ``asked`` (none: for everything that is offered).

    None when nothing can be asked: no policy in force, or the registry is incomplete.
    """
    try:
        text, categories = text_in_force(language), registry.categories(language)
    except RegistryIncomplete:
        return None
    # The very same objects: comparing or hashing all their words would take as long as storing a decision.
    last = _last.get((language, asked))
    if last is None or last[0] is not text or last[1] is not categories:
        last = _last[language, asked] = (text, categories, _shown(language, asked, text, categories))
    return last[2]


def renew() -> None:
    """From here on ``current`` is what the database holds at this moment. Raises Error.

    A decision must not be recorded under words that changed a moment ago.
    """
    stamp.renew()


def available(language: str, asked: tuple[str, ...] = ()) -> Shown | None:
    """The same for a page's frame, which must also stand when the database is away: then None."""
    try:
        shown = current(language, asked)
        if shown is not None:
            shown.keep()
    except Error:
        return None
    return shown


def forget() -> None:
    """Show what is in the database now: what this process remembers is known to be old."""
    forget_policy()
    registry.forget()


def forget_kept() -> None:
    """Store anew what is shown: a stored copy that this process has seen may be gone."""
    _kept.clear()


def forget_all() -> None:
    """All of it for another database, as every test has one."""
    forget()
    _shown.cache_clear()
    _last.clear()
    forget_kept()


@lru_cache(maxsize=32)
def _shown(
    language: str, asked: tuple[str, ...], text: PolicyText | None, categories: tuple[Category, ...]
) -> Shown | None:
    """Remembered for the same words; a published text never changes, so that its key stands for it."""
    if text is None:
        return None
    with translation.override(language):
        content = {
            "schema_version": SCHEMA_VERSION,
            "language": language,
            "controller": {"name": settings.CONSENT_CONTROLLER.name, "email": settings.CONSENT_CONTROLLER.email},
            "policy": {"number": text.version.number, "language": text.language, "sha256": text.sha256},
            "links": {"policy": text.version.get_absolute_url(), "settings": reverse("consent:cookie-settings")},
            **_layers(asked, categories),
        }
    canonical = rfc8785.dumps(content)
    return Shown(
        content=content,
        canonical=canonical.decode(),
        sha256=hashlib.sha256(canonical).hexdigest(),
        policy_version=text.version,
        policy_sha256=text.sha256,
        scopes={category.slug: category.scope for category in categories},
    )


def _layers(asked: tuple[str, ...], categories: tuple[Category, ...]) -> dict[str, Any]:
    offered = [category.slug for category in categories if not category.required]
    asked_for = [slug for slug in offered if slug in asked] or offered
    return {
        "asked": asked_for,
        "banner": words.banner(asked_for, again=asked_for != offered) if offered else None,
        "settings": words.settings_page(offered),
        "categories": [_category(category) for category in categories],
    }


def _category(category: Category) -> dict[str, Any]:
    return {
        "slug": category.slug,
        "name": category.name,
        "purpose": category.purpose,
        "required": category.required,
        "scope": category.scope,
        "allow": words.allow(category.name),
        "services": [
            asdict(service) | {"privacy_words": words.privacy_policy_of(service.name)} for service in category.services
        ],
        "cookies": [asdict(cookie) for cookie in category.cookies],
    }
