"""The registry as visitors see it: categories, their services and the cookie declaration."""

import time
from dataclasses import dataclass
from functools import lru_cache

from cookie_consent.models import CookieGroup
from django.conf import settings
from django.core.exceptions import ObjectDoesNotExist
from django.utils import translation

from consent import services
from consent.models import CategoryText, CookieDeclaration, Party
from consent.services import NECESSARY, Service


class RegistryIncomplete(LookupError):
    """An offered category, its text or a cookie's declaration is missing: run ``manage.py load_registry``."""


@dataclass(frozen=True)
class DeclaredCookie:
    """One row of the cookie declaration in one language. ``necessary_because`` is empty for an optional cookie."""

    name: str
    provider: str
    purpose: str
    duration: str
    party: str
    necessary_because: str


@dataclass(frozen=True)
class Category:
    """A category in one language: what the visitor reads before switching it on."""

    slug: str
    name: str
    purpose: str
    services: tuple[Service, ...]
    cookies: tuple[DeclaredCookie, ...]


def categories(language: str) -> tuple[Category, ...]:
    """The necessary category and the offered ones, in display order, at most one second old.

    Raises RegistryIncomplete.
    """
    return _load(int(time.monotonic()), language, services.offered())


def forget() -> None:
    """Read the database at the next question."""
    _load.cache_clear()


@lru_cache(maxsize=8)
def _load(second: int, language: str, offered: tuple[Service, ...]) -> tuple[Category, ...]:
    return read(language, offered)


def read(language: str, offered: tuple[Service, ...]) -> tuple[Category, ...]:
    """The same, read from the database now: a decision must not be recorded under words that have just changed."""
    groups = {
        group.varname: group
        for group in CookieGroup.objects.select_related("text").prefetch_related("cookie_set__declaration")
    }
    asked = {service.category for service in offered}
    wanted = [slug for slug in (NECESSARY, *services.CATEGORIES) if slug == NECESSARY or slug in asked]
    try:
        with translation.override(language):
            return tuple(
                _category(groups[slug], language, tuple(service for service in offered if service.category == slug))
                for slug in wanted
            )
    except (KeyError, ObjectDoesNotExist) as error:
        raise RegistryIncomplete(str(error)) from error


def _category(group: CookieGroup, language: str, behind: tuple[Service, ...]) -> Category:
    text: CategoryText = group.text
    declarations = [cookie.declaration for cookie in sorted(group.cookie_set.all(), key=lambda cookie: cookie.pk)]
    if any(row.category != group.varname for row in declarations):
        raise RegistryIncomplete(f"{group.varname} holds a cookie of another category's service")
    return Category(
        slug=group.varname,
        name=getattr(text, f"name_{language}"),
        purpose=getattr(text, f"purpose_{language}"),
        services=behind,
        cookies=tuple(_cookie(row, language) for row in declarations),
    )


def _cookie(row: CookieDeclaration, language: str) -> DeclaredCookie:
    ours = row.service == ""
    return DeclaredCookie(
        # Under HTTPS the browser knows our own cookies with a prefix, see settings.COOKIE_PREFIX.
        name=settings.COOKIE_PREFIX + row.cookie.name if ours else row.cookie.name,
        provider=row.provider,
        purpose=getattr(row, f"purpose_{language}"),
        duration=getattr(row, f"duration_{language}"),
        party=str(Party(row.party).label),
        necessary_because=getattr(row, f"necessary_because_{language}"),
    )
