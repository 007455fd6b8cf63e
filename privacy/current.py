"""The one question that others ask of this app: which version is in force now?"""

import time
from functools import lru_cache

from privacy.models import PolicyVersion


def version_in_force() -> PolicyVersion | None:
    """The version in force, its texts loaded, at most one second old. Treat it as read-only: it is shared."""
    return _in_force(int(time.monotonic()))


@lru_cache(maxsize=1)
def _in_force(second: int) -> PolicyVersion | None:
    return PolicyVersion.objects.in_force()


def forget() -> None:
    """Ask the database at the next question."""
    _in_force.cache_clear()
