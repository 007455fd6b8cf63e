"""System checks of the policy's tables."""

from collections.abc import Sequence
from typing import Any

from django.core.checks import Warning as CheckWarning
from django.db import connections

from privacy import guards


def published_texts_are_guarded(databases: Sequence[str] | None = None, **kwargs: Any) -> list[CheckWarning]:
    """W001 for each trigger that a database lacks. A warning, as an error would stop the ``migrate`` that mends it.

    ``ossnet_site.wsgi`` refuses to serve while one is missing.
    """
    return [
        CheckWarning(
            f"The trigger {name} is missing: published policy texts are not protected.",
            hint="Run manage.py migrate.",
            id="privacy.W001",
        )
        for alias in databases or ()
        for name in guards.missing(connections[alias])
    ]
