"""The registry as visitors see it: categories, their services and the cookie declaration."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import rfc8785
from cookie_consent.models import CookieGroup
from django.conf import settings
from django.db import Error
from django.db.models import F
from django.utils import translation

from consent import services
from consent.models import Party
from consent.services import NECESSARY, Service, category_of
from ossnet_site import stamp

Row = Mapping[str, Any]
# What exists in every language: whose words, where they are, and which.
TEXTS = (
    ("category", "text", ("name", "purpose")),
    ("service", "services", ("description",)),
    ("cookie", "cookie__declaration", ("purpose", "duration", "necessary_because")),
)


class RegistryIncomplete(LookupError):
    """A text of a category or service, or a cookie's declaration is missing: run ``manage.py load_registry``."""


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
class DeclaredService:
    """A third party in one language."""

    slug: str
    name: str
    provider: str
    description: str
    privacy_url: str


@dataclass(frozen=True)
class Category:
    """A category in one language: what the visitor reads before switching it on.

    ``scope`` is a fingerprint of what a grant covers: services, recipients, cookies and epoch, but no wording. A grant
    given under another scope stands no more (EDPB guidelines 05/2020: consent is for what was described).
    """

    slug: str
    name: str
    purpose: str
    services: tuple[DeclaredService, ...]
    cookies: tuple[DeclaredCookie, ...]
    scope: str

    @property
    def required(self) -> bool:
        """Whether the category is always on and never asked for."""
        return self.slug == NECESSARY


def categories(language: str) -> tuple[Category, ...]:
    """The necessary category and the offered ones, in display order.

    At most a second old; as they were when the database was last there.

    Raises RegistryIncomplete.
    """
    return _load(stamp.current().token, language, services.offered())


def scopes() -> Mapping[str, str]:
    """The scope of each offered category now; empty when it cannot be known, as then nothing may run.

    What was known before the database went away is not enough: its grants may have been ended since.
    """
    if not stamp.current().is_known:
        return {}
    try:
        return {category.slug: category.scope for category in categories(settings.LANGUAGE_CODE)}
    except (RegistryIncomplete, Error):
        return {}


def first_party_cookies() -> Mapping[str, tuple[str, ...]]:
    """The names of the declared first-party cookies by category; none when the registry cannot be read."""
    try:
        rows = _remembered_rows(stamp.current().token)
    except Error:
        return {}
    return {
        category: tuple(dict.fromkeys(row["cookie_name"] for row in rows if _is_first_party(row, category)))
        for category in services.CATEGORIES
    }


def _is_first_party(row: Row, category: str) -> bool:
    return bool(row["varname"] == category and row["cookie_party"] == Party.FIRST)


def forget() -> None:
    """Read the database at the next question."""
    _load.cache_clear()
    _remembered_rows.cache_clear()


@lru_cache(maxsize=8)
def _load(token: str, language: str, offered: tuple[Service, ...]) -> tuple[Category, ...]:
    return _categories(_remembered_rows(token), language, offered)


@lru_cache(maxsize=1)
def _remembered_rows(token: str) -> list[Row]:
    """The rows serve all languages: an English page may show a Latvian policy."""
    return _rows()


def read(language: str, offered: tuple[Service, ...]) -> tuple[Category, ...]:
    """The same, read from the database now: a decision must not be recorded under words that have just changed."""
    return _categories(_rows(), language, offered)


def read_scopes() -> dict[str, str]:
    """The scope of each optional category now, read from the database, offered or not and complete or not."""
    rows = _rows()
    by_category = {slug: [row for row in rows if row["varname"] == slug] for slug in services.CATEGORIES}
    return {slug: _scope(of_slug) for slug, of_slug in by_category.items() if of_slug}


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
    """One query: a row for each cookie and service of a category with all their texts, or one row where it has none."""
    texts = {
        f"{whose}_{name}_{language}": F(f"{table}__{name}_{language}")
        for whose, table, names in TEXTS
        for name in names
        for language, _name in settings.LANGUAGES
    }
    return list(
        CookieGroup.objects.order_by("cookie__pk", "services__pk").values(
            "varname",
            epoch=F("text__epoch"),
            service_slug=F("services__service"),
            service_provider=F("services__provider"),
            service_privacy_url=F("services__privacy_url"),
            cookie_name=F("cookie__name"),
            cookie_domain=F("cookie__domain"),
            cookie_service=F("cookie__declaration__service"),
            cookie_provider=F("cookie__declaration__provider"),
            cookie_party=F("cookie__declaration__party"),
            **texts,
        )
    )


def _category(rows: Sequence[Row], language: str, behind: tuple[Service, ...]) -> Category:
    if not rows or rows[0][f"category_name_{language}"] is None:
        raise RegistryIncomplete("a category or its text is missing")
    declared = list({(row["cookie_name"], row["cookie_domain"]): row for row in rows if row["cookie_name"]}.values())
    if any(row["cookie_provider"] is None for row in declared):
        raise RegistryIncomplete("a cookie has no declaration")
    if any(category_of(row["cookie_service"]) != row["varname"] for row in declared):
        raise RegistryIncomplete("a cookie stands in the category of another service")
    described = {row["service_slug"]: row for row in rows}
    if not {service.slug for service in behind} <= described.keys():
        raise RegistryIncomplete("a service has no text")
    return Category(
        slug=rows[0]["varname"],
        name=rows[0][f"category_name_{language}"],
        purpose=rows[0][f"category_purpose_{language}"],
        services=tuple(_service(service, described[service.slug], language) for service in behind),
        cookies=tuple(_cookie(row, language) for row in declared),
        scope=_scope(rows),
    )


def _scope(rows: Sequence[Row]) -> str:
    """Eight hex digits of the SHA-256 of what a grant of one category covers; the order of the rows does not matter."""
    cookie_facts = [f"cookie_{fact}" for fact in ("name", "domain", "service", "provider", "party")]
    covered: dict[str, Any] = {
        "epoch": rows[0]["epoch"],
        "services": sorted({(row["service_slug"] or "", row["service_provider"] or "") for row in rows}),
        "cookies": sorted({tuple(row[fact] or "" for fact in cookie_facts) for row in rows}),
    }
    return hashlib.sha256(rfc8785.dumps(covered)).hexdigest()[:8]


def _service(service: Service, row: Row, language: str) -> DeclaredService:
    return DeclaredService(
        slug=service.slug,
        name=service.name,
        provider=row["service_provider"],
        description=row[f"service_description_{language}"],
        privacy_url=row["service_privacy_url"],
    )


def _cookie(row: Row, language: str) -> DeclaredCookie:
    ours = row["cookie_service"] == ""
    return DeclaredCookie(
        # Under HTTPS the browser knows our own cookies with a prefix, see settings.COOKIE_PREFIX.
        name=settings.COOKIE_PREFIX + row["cookie_name"] if ours else row["cookie_name"],
        provider=row["cookie_provider"],
        purpose=row[f"cookie_purpose_{language}"],
        duration=row[f"cookie_duration_{language}"],
        party=str(Party(row["cookie_party"]).label),
        necessary_because=row[f"cookie_necessary_because_{language}"],
    )
