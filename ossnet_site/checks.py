"""System checks of the site."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.core.checks import Warning as CheckWarning
from django.db import connections
from django.utils import timezone

from ossnet_site import security_txt, triggers


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
