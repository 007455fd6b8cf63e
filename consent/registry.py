"""The registry as visitors see it: categories, their services and the cookie declaration."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from cookie_consent.models import CookieGroup
from django.conf import settings
from django.db.models import F
from django.utils import translation

from consent import services
from consent.models import Party
from consent.services import NECESSARY, Service, category_of

Row = Mapping[str, Any]
# What exists in every language: whose words, where they are, and which.
TEXTS = (
    ("category", "text", ("name", "purpose")),
    ("cookie", "cookie__declaration", ("purpose", "duration", "necessary_because")),
)


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

    @property
    def required(self) -> bool:
        """Whether the category is always on and never asked for."""
        return self.slug == NECESSARY


def categories(language: str) -> tuple[Category, ...]:
    """The necessary category and the offered ones, in display order, at most one second old.

    Raises RegistryIncomplete.
    """
    return _load(int(time.monotonic()), language, services.offered())


def forget() -> None:
    """Read the database at the next question."""
    _load.cache_clear()
    _remembered_rows.cache_clear()


@lru_cache(maxsize=8)
def _load(second: int, language: str, offered: tuple[Service, ...]) -> tuple[Category, ...]:
    return _categories(_remembered_rows(second), language, offered)


@lru_cache(maxsize=1)
def _remembered_rows(second: int) -> list[Row]:
    """The rows serve all languages: an English page may show a Latvian policy."""
    return _rows()


def read(language: str, offered: tuple[Service, ...]) -> tuple[Category, ...]:
    """The same, read from the database now: a decision must not be recorded under words that have just changed."""
    return _categories(_rows(), language, offered)


def _categories(rows: Sequence[Row], language: str, offered: tuple[Service, ...]) -> tuple[Category, ...]:
    asked = {service.category for service in offered}
    wanted = [slug for slug in (NECESSARY, *services.CATEGORIES) if slug == NECESSARY or slug in asked]
    with translation.override(language):
        return tuple(
            _category(
                [row for row in rows if row["varname"] == slug],
                language,
                tuple(service for service in offered if service.category == slug),
            )
            for slug in wanted
        )


def _rows() -> list[Row]:
    """One query: a row for each cookie with its category's texts; a category without cookies has one row."""
    texts = {
        f"{whose}_{name}_{language}": F(f"{table}__{name}_{language}")
        for whose, table, names in TEXTS
        for name in names
        for language, _name in settings.LANGUAGES
    }
    return list(
        CookieGroup.objects.order_by("cookie__pk").values(
            "varname",
            cookie_name=F("cookie__name"),
            service=F("cookie__declaration__service"),
            provider=F("cookie__declaration__provider"),
            party=F("cookie__declaration__party"),
            **texts,
        )
    )


def _category(rows: Sequence[Row], language: str, behind: tuple[Service, ...]) -> Category:
    if not rows or rows[0][f"category_name_{language}"] is None:
        raise RegistryIncomplete("a category or its text is missing")
    declared = [row for row in rows if row["cookie_name"] is not None]
    if any(row["provider"] is None for row in declared):
        raise RegistryIncomplete("a cookie has no declaration")
    if any(category_of(row["service"]) != row["varname"] for row in declared):
        raise RegistryIncomplete("a cookie stands in the category of another service")
    return Category(
        slug=rows[0]["varname"],
        name=rows[0][f"category_name_{language}"],
        purpose=rows[0][f"category_purpose_{language}"],
        services=behind,
        cookies=tuple(_cookie(row, language) for row in declared),
    )


def _cookie(row: Row, language: str) -> DeclaredCookie:
    ours = row["service"] == ""
    return DeclaredCookie(
        # Under HTTPS the browser knows our own cookies with a prefix, see settings.COOKIE_PREFIX.
        name=settings.COOKIE_PREFIX + row["cookie_name"] if ours else row["cookie_name"],
        provider=row["provider"],
        purpose=row[f"cookie_purpose_{language}"],
        duration=row[f"cookie_duration_{language}"],
        party=str(Party(row["party"]).label),
        necessary_because=row[f"cookie_necessary_because_{language}"],
    )
