"""Removal of the first-party cookies that a service left in the visitor's browser."""

import re
from collections.abc import Iterable
from fnmatch import fnmatchcase
from http.cookies import Morsel

from django.conf import settings
from django.core.exceptions import DisallowedHost
from django.http import HttpRequest, HttpResponse
from django.http.request import split_domain_port

from consent import registry
from consent.services import ALL_SERVICES, Service

# A token as RFC 6265 defines it. No vendor sets another name, and Set-Cookie could not carry one.
OURS = {settings.COOKIE_CONSENT_NAME, settings.SESSION_COOKIE_NAME, settings.CSRF_COOKIE_NAME}
COOKIE_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")


def expire_cookies(request: HttpRequest, response: HttpResponse, services: Iterable[Service]) -> None:
    """Expire every cookie of the request that ``services`` may have set: on the host and on each parent domain.

    A cookie header does not say for which domain a cookie was set, so each possible one is addressed.
    """
    for name in left_over(request.COOKIES, services):
        for domain in ("", *_domains(request)):
            # One name may need several Set-Cookie lines, which SimpleCookie allows under different keys.
            dict.__setitem__(response.cookies, f"{name} {domain}", _expired(name, domain))


def left_over(names: Iterable[str], services: Iterable[Service]) -> list[str]:
    """The cookies among ``names`` that ``services`` may have set."""
    others = [name for name in names if name not in OURS and COOKIE_NAME.fullmatch(name)]
    if not others:
        return []
    wanted = {pattern for service in services for pattern in patterns(service.category)}
    return [name for name in others if any(fnmatchcase(name, pattern) for pattern in wanted)]


def patterns(category: str) -> list[str]:
    """The first-party cookies of a category: those its services are known to set, and those that staff declared."""
    known = [name for service in ALL_SERVICES if service.category == category for name in service.cookies]
    declared = registry.first_party_cookies().get(category, ())
    return known + [name for name in declared if not any(fnmatchcase(name, pattern) for pattern in known)]


def _domains(request: HttpRequest) -> list[str]:
    try:
        return parent_domains(request.get_host())
    except DisallowedHost:  # the answer is an error page already, for a name that is not ours
        return []


def parent_domains(host: str) -> list[str]:
    """``www.ossnet.lv:443`` -> ``["www.ossnet.lv", "ossnet.lv"]``; nothing for an address or a single label."""
    domain, _port = split_domain_port(host)
    labels = domain.split(".")
    if labels[-1].isdigit() or ":" in domain:
        return []
    return [".".join(labels[start:]) for start in range(len(labels) - 1)]


def _expired(name: str, domain: str) -> Morsel[str]:
    morsel: Morsel[str] = Morsel()
    morsel.set(name, "", "")
    morsel["expires"] = "Thu, 01 Jan 1970 00:00:00 GMT"
    morsel["max-age"] = 0
    morsel["path"] = "/"
    if domain:
        morsel["domain"] = domain
    return morsel
