"""The registry that comes with the repository, in ``consent/registry.toml``."""

import tomllib
from pathlib import Path
from typing import Any

from cookie_consent.models import Cookie, CookieGroup
from django.db import transaction

from consent.models import CategoryText, CookieDeclaration, ServiceText

FILE = Path(__file__).parent / "registry.toml"


def load(file: Path = FILE) -> int:
    """Add the categories that the database lacks, with their services and cookies; return how many entries were added.

    A category that is there belongs to staff: nothing in it is changed or brought back, but for a service that has no
    text yet.
    """
    data = tomllib.loads(file.read_text(encoding="utf-8"))
    with transaction.atomic():
        return sum(_load_category(order, facts) for order, facts in enumerate(data["category"]))


def _load_category(order: int, facts: dict[str, Any]) -> int:
    group, created = CookieGroup.objects.get_or_create(
        varname=facts["slug"],
        defaults={"name": facts["name"]["en"], "is_required": facts.get("required", False), "ordering": order},
    )
    CategoryText.objects.get_or_create(group=group, defaults=_by_language(facts, "name", "purpose"))
    services = sum(_load_service(group, service) for service in facts.get("service", ()))
    if not created:
        return services
    return 1 + services + sum(_load_cookie(group, cookie) for cookie in facts["cookie"])


def _load_service(group: CookieGroup, facts: dict[str, Any]) -> int:
    texts = {key: facts[key] for key in ("provider", "privacy_url")} | _by_language(facts, "description")
    _text, created = ServiceText.objects.get_or_create(service=facts["service"], defaults={"group": group, **texts})
    return int(created)


def _load_cookie(group: CookieGroup, facts: dict[str, Any]) -> int:
    cookie = Cookie.objects.create(cookiegroup=group, name=facts["name"], domain=facts.get("domain", ""))
    declaration: dict[str, str] = {key: facts[key] for key in ("service", "provider", "party") if key in facts}
    declaration |= _by_language(facts, "purpose", "duration", "necessary_because")
    CookieDeclaration.objects.create(cookie=cookie, **declaration)
    return 1


def _by_language(facts: dict[str, Any], *names: str) -> dict[str, str]:
    """``purpose = {lv = …, en = …}`` -> ``purpose_lv``, ``purpose_en``; a name that is not in ``facts`` is left out."""
    return {f"{name}_{language}": text for name in names if name in facts for language, text in facts[name].items()}
