"""System checks of the policy's tables."""

from collections.abc import Sequence
from typing import Any

from django.core.checks import Error
from django.db import connections

from privacy import guards


def published_texts_are_guarded(databases: Sequence[str] | None = None, **kwargs: Any) -> list[Error]:
    """E001 for each trigger that a database lacks: run ``manage.py migrate``, which installs them."""
    return [
        Error(
            f"The trigger {name} is missing: published policy texts are not protected.",
            hint="Run manage.py migrate.",
            id="privacy.E001",
        )
        for alias in databases or ()
        for name in guards.missing(connections[alias])
    ]
