"""The consent cookie: django-cookie-consent's format, with the record's name in it and a signature over it."""

import base64
import time
import uuid
from datetime import UTC, datetime
from http.cookies import SimpleCookie
from typing import Any

from cookie_consent.util import dict_to_cookie_str, parse_cookie_str
from django.conf import settings
from django.core.signing import BadSignature, Signer
from django.http import HttpRequest, HttpResponse

from consent.services import CATEGORIES
from consent.state import Answer, StoredChoice
from ossnet_site.from_settings import from_settings
from ossnet_site.keyed_hash import salted_hmac

# Ours has at most 500 bytes; a larger one is not worth a signature check.
MAX_LENGTH = 1024
SALT = "consent.cookie"
QUOTING = SimpleCookie()  # empty: what it knows is how a value is quoted
# Keys beside a category's own: what a grant covered, when a refusal was given, and whether the signal was sent.
SCOPE, SINCE, DESPITE_GPC = "-scope", "-since", "-gpc"


class _Signer(Signer):
    """Django's signer, with its mark as one more key of django-cookie-consent's format: ``…|signature=…``."""

    def signature(self, value: str | bytes, key: str | bytes | None = None) -> str:
        """The same as Django's, sooner."""
        made = salted_hmac(SALT + "signer", str(value), str(key or self.key))
        return base64.urlsafe_b64encode(made).rstrip(b"=").decode()


@from_settings
def _signer() -> _Signer:
    return _Signer(sep="|signature=", salt=SALT)


def encode(choice: StoredChoice) -> str:
    """The cookie's value. A grant is the moment it was given, a refusal django-cookie-consent's "-1"."""
    facts = {"record": str(choice.record_id), "subject": str(choice.subject_id)}
    for category, answer in choice.answers.items():
        moment = answer.decided_at.isoformat()
        if answer.granted:
            facts |= {category: moment, category + SCOPE: answer.scope}
        else:
            facts |= {category: settings.COOKIE_CONSENT_DECLINE, category + SINCE: moment}
        if answer.despite_gpc:
            facts[category + DESPITE_GPC] = "1"
    return _signer().sign(dict_to_cookie_str(facts))


def decode(value: str) -> StoredChoice | None:
    """The choice in a cookie's value; None unless this server signed exactly this value."""
    if not value or len(value) > MAX_LENGTH:
        return None
    try:
        facts = parse_cookie_str(_signer().unsign(value))
        return StoredChoice(
            record_id=uuid.UUID(facts["record"]),
            subject_id=uuid.UUID(facts["subject"]),
            answers={category: _answer(category, facts) for category in CATEGORIES if category in facts},
        )
    except (BadSignature, KeyError, ValueError):
        return None


def _answer(category: str, facts: dict[str, str]) -> Answer:
    granted = facts[category] != settings.COOKIE_CONSENT_DECLINE
    moment = facts[category if granted else category + SINCE]
    scope = facts[category + SCOPE] if granted else ""
    return Answer(granted, datetime.fromisoformat(moment).astimezone(UTC), scope, category + DESPITE_GPC in facts)


def read(request: HttpRequest) -> StoredChoice | None:
    """The choice that the request's cookie carries; None when there is none or it is not one this server issued."""
    return decode(request.COOKIES.get(settings.COOKIE_CONSENT_NAME, ""))


def issue(response: HttpResponse, choice: StoredChoice) -> None:
    """Give the visitor the cookie. Call only after the record that it names is committed."""
    response.set_cookie(settings.COOKIE_CONSENT_NAME, encode(choice), **_attributes())


def line(choice: StoredChoice) -> str:
    """The same as the value of a header ``Set-Cookie``, without a response."""
    _value, quoted = QUOTING.value_encode(encode(choice))
    before, after = _around(int(time.time()))
    return f"{before}{quoted}{after}"


@from_settings
def _attributes() -> dict[str, Any]:
    return {
        "max_age": settings.COOKIE_CONSENT_MAX_AGE,
        "secure": settings.COOKIE_CONSENT_SECURE,
        "httponly": settings.COOKIE_CONSENT_HTTPONLY,
        "samesite": settings.COOKIE_CONSENT_SAMESITE,
    }


@from_settings
def _around(second: int) -> tuple[str, str]:
    """What Django writes before and after the value; it names the moment at which the cookie ends."""
    response = HttpResponse()
    response.set_cookie(settings.COOKIE_CONSENT_NAME, "value", **_attributes())
    before, _value, after = response.cookies[settings.COOKIE_CONSENT_NAME].OutputString().partition("value")
    return before, after
