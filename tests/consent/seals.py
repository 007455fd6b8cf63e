"""A log with seals, and ways to damage it as only somebody with the database could."""

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db import connection

from consent import sealing
from consent.models import ConsentRecord, Seal
from ossnet_site import triggers

DAY = timedelta(days=1)
NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)


def decided(moment: datetime, **fields: Any) -> ConsentRecord:
    """A refusal of another visitor at ``moment``."""
    values = {
        "subject_id": uuid.uuid4(),
        "event": "refused",
        "control": "banner_reject",
        "decided_at": moment,
        "valid_until": moment + 182 * DAY,
        "grants": {"analytics": False, "facebook": False, "hotjar": False},
        "asked": ["analytics", "facebook", "hotjar"],
        "until": {},
        "language": "lv",
        "path": "/",
        "gpc": False,
    }
    return ConsentRecord.objects.create(**values | fields)


def seal(most: int = sealing.MOST) -> list[Seal]:
    """The new seals."""
    return list(sealing.seal_waiting(most))


@contextmanager
def by_force() -> Iterator[None]:
    """What an owner of the database can do: lift the guards, and put them back as if nothing had been."""
    triggers.remove(connection)
    yield
    triggers.install(connection)
