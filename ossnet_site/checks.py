"""System checks of the site."""

from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.core.checks import Warning as CheckWarning
from django.db import connections

from ossnet_site import triggers


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


def staff_have_a_second_factor(**kwargs: Any) -> list[CheckWarning]:
    """W002 where a deployment lets staff in with a password alone."""
    if settings.STAFF_SECOND_FACTOR:
        return []
    hint = "Set STAFF_SECOND_FACTOR=True."
    return [CheckWarning("Staff pages open with a password alone.", hint=hint, id="site.W002")]
