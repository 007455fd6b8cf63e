"""System checks of the site."""

import re
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.core.checks import Error as CheckError
from django.core.checks import Warning as CheckWarning
from django.core.exceptions import ImproperlyConfigured
from django.db import connections
from django.utils import timezone

from ossnet_site import security_txt, triggers

# Names that lead to this very machine, as browsers take them: no other can hear what is sent to them.
LOOPBACK = re.compile(r"(.*\.)?localhost|127\.[0-9.]+|\[::1\]|::1", re.IGNORECASE)
# How far the limits of RATE_LIMITS may be exceeded unnoticed on one machine: each process counts for itself.
FEW_PROCESSES = 2


def evidence_is_guarded(databases: Sequence[str] | None = None, **kwargs: Any) -> list[CheckWarning]:
    """W001 for each trigger that a database lacks. A warning, as an error would stop the ``migrate`` that mends it.

    ``ossnet_site.wsgi`` refuses to serve while one is missing.
    """
    return [
        CheckWarning(
            f"The trigger {name} is missing: evidence is not protected.",
            hint="Run manage.py migrate.",
            id="site.W001",
        )
        for alias in databases or ()
        for name in triggers.missing(connections[alias])
    ]


def security_txt_is_current(**kwargs: Any) -> list[CheckWarning]:
    """W002 in the last 30 days of ``/.well-known/security.txt``, W003 when it has expired.

    Both are warnings: an error would keep an operator from migrating. ``bin/test`` fails for either, so that whoever
    next merges something renews it.
    """
    if not security_txt.is_ending():
        return []
    left = security_txt.EXPIRES - timezone.now()
    day = f"{security_txt.EXPIRES:%-d %B %Y}"
    hint = "Read SECURITY.md. If it still holds, set EXPIRES in ossnet_site/security_txt.py to a day within a year."
    if left > timedelta():
        return [CheckWarning(f"security.txt expires on {day}.", hint=hint, id="site.W002")]
    message = f"security.txt EXPIRED on {day}: nobody who finds a weakness can rely on how to report it."
    return [CheckWarning(message, hint=hint, id="site.W003")]


def staff_have_a_second_factor(**kwargs: Any) -> list[CheckWarning]:
    """W004 where a deployment lets staff in with a password alone."""
    if settings.STAFF_SECOND_FACTOR:
        return []
    hint = "Set STAFF_SECOND_FACTOR=True."
    return [CheckWarning("Staff pages open with a password alone.", hint=hint, id="site.W004")]


def production_is_sound(**kwargs: Any) -> list[CheckError]:
    """E001 to E004 for what must not serve visitors; ``ossnet_site.wsgi`` refuses to. DEBUG is development.

    A missing or guessable key has stopped the settings before.
    """
    if settings.DEBUG:
        return closed_development()
    return [*one_database(), *one_count(), *secure_cookies()]


def one_database() -> list[CheckError]:
    """E001: on several machines SQLite is several databases, or one file on a network disk, which breaks it."""
    if settings.MACHINES == 1 or connections["default"].vendor != "sqlite":
        return []
    message = f"SQLite serves one machine, and MACHINES is {settings.MACHINES}."
    return [CheckError(message, hint="Set DATABASE_URL to a PostgreSQL database.", id="site.E001")]


def one_count() -> list[CheckError]:
    """E002: with every machine that is added, each limit on decisions and sign-ins would be looser."""
    if settings.MACHINES == 1 or settings.RATE_LIMIT_STORE:
        return []
    message = f"Each process counts for itself what a client sends, and MACHINES is {settings.MACHINES}."
    return [CheckError(message, hint="Set RATE_LIMIT_STORE to a Valkey that all share.", id="site.E002")]


def secure_cookies() -> list[CheckError]:
    """E003: without HTTPS whoever is on the way reads and sets the cookies of visitors and staff."""
    if settings.HTTPS or not (hosts := abroad()):
        return []
    message = f"HTTPS is off, but ALLOWED_HOSTS names more than this machine: {', '.join(hosts)}."
    return [CheckError(message, hint="Set HTTPS=True.", id="site.E003")]


def closed_development() -> list[CheckError]:
    """E004: pages of errors show the program and its settings, and none of the other errors is looked for."""
    if not (hosts := abroad()):
        return []
    message = f"DEBUG is on, but ALLOWED_HOSTS names more than this machine: {', '.join(hosts)}."
    return [CheckError(message, hint="Set DEBUG=False.", id="site.E004")]


def abroad() -> list[str]:
    """The names of ALLOWED_HOSTS by which other machines reach this one."""
    return [host for host in settings.ALLOWED_HOSTS if not LOOPBACK.fullmatch(host)]


def processes_count_together(**kwargs: Any) -> list[CheckWarning]:
    """W005 where one machine has more processes than the default, which each count for themselves."""
    if settings.RATE_LIMIT_STORE or settings.WEB_CONCURRENCY <= FEW_PROCESSES:
        return []
    message = f"Every limit is up to {settings.WEB_CONCURRENCY} times as loose: each process counts for itself."
    return [CheckWarning(message, hint="Set RATE_LIMIT_STORE.", id="site.W005")]


def require_sound_production() -> None:
    """Refuse to serve visitors from what E001 to E004 name. Raises ImproperlyConfigured with all of them."""
    if errors := production_is_sound():
        raise ImproperlyConfigured(" ".join(f"{error.msg} {error.hint}" for error in errors))
