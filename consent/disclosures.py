"""What is shown to a visitor who decides, as data: the page is drawn from it, and the record refers to its hash."""

import hashlib
from dataclasses import asdict, dataclass
from typing import Any

import rfc8785
from django.conf import settings
from django.db import Error
from django.utils import translation

from consent import registry, services, words
from consent.models import Disclosure
from consent.registry import Category, RegistryIncomplete
from privacy.current import forget as forget_policy
from privacy.current import read_text_in_force, text_in_force
from privacy.models import PolicyText, PolicyVersion


@dataclass(frozen=True)
class Shown:
    """Both layers in one language: ``content`` is plain JSON data, ``sha256`` the hex hash of its canonical form."""

    content: dict[str, Any]
    canonical: str
    sha256: str
    policy_version: PolicyVersion
    policy_sha256: str

    def store(self) -> Disclosure:
        """The stored copy, written on the first decision made under these words."""
        disclosure, _created = Disclosure.objects.get_or_create(
            sha256=self.sha256, defaults={"content": self.canonical}
        )
        return disclosure


def current(language: str) -> Shown | None:
    """What is shown now; None when nothing can be asked: no policy in force, or the registry is incomplete."""
    try:
        return _shown(language, text_in_force(language), registry.categories(language))
    except RegistryIncomplete:
        return None


def _shown(language: str, text: PolicyText | None, categories: tuple[Category, ...]) -> Shown | None:
    if text is None:
        return None
    content = {
        "schema_version": 1,
        "language": language,
        "controller": {"name": settings.CONSENT_CONTROLLER.name, "email": settings.CONSENT_CONTROLLER.email},
        "policy": {"number": text.version.number, "language": text.language, "sha256": text.sha256},
        **_layers(language, categories),
    }
    canonical = rfc8785.dumps(content)
    return Shown(
        content=content,
        canonical=canonical.decode(),
        sha256=hashlib.sha256(canonical).hexdigest(),
        policy_version=text.version,
        policy_sha256=text.sha256,
    )


def fresh(language: str) -> Shown | None:
    """The same, read now: a decision must not be recorded under words that changed a moment ago."""
    try:
        return _shown(language, read_text_in_force(language), registry.read(language, services.offered()))
    except RegistryIncomplete:
        return None


def forget() -> None:
    """Show what is in the database now: what this process remembers is known to be old."""
    forget_policy()
    registry.forget()


def available(language: str) -> Shown | None:
    """The same for a page's frame, which must also stand when the database is away: then None."""
    try:
        return current(language)
    except Error:
        return None


def _layers(language: str, categories: tuple[Category, ...]) -> dict[str, Any]:
    asked = [category.slug for category in categories if not category.required]
    with translation.override(language):
        return {
            "banner": words.banner(asked) if asked else None,
            "settings": words.settings_page(asked),
            "categories": [_category(category) for category in categories],
        }


def _category(category: Category) -> dict[str, Any]:
    return {
        "slug": category.slug,
        "name": category.name,
        "purpose": category.purpose,
        "required": category.required,
        "allow": words.allow(category.name),
        "services": [
            {
                "name": service.name,
                "provider": service.provider,
                "privacy_url": service.privacy_url,
                "privacy_words": words.privacy_policy_of(service.name),
            }
            for service in category.services
        ],
        "cookies": [asdict(cookie) for cookie in category.cookies],
    }
