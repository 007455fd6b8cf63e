"""One decision as ``consent.recording`` hands it on to be written, for what is measured without a web process."""

import secrets
import uuid
from datetime import timedelta
from typing import Any

LAST: dict[str, Any] = {}  # the newest record, whose words the next ones name


def decide() -> None:
    """A first decision, as ``consent.recording`` hands it on."""
    from django.utils import timezone

    from consent import quick
    from consent.repeats import KNOWN, Press
    from ossnet_site import stamp

    now = timezone.now()
    press = Press(secrets.token_hex(32), now + timedelta(seconds=3), gone_before=now, gone_after=now + KNOWN)
    assert quick.write(a_row(now), press, stamp.current().value)


def a_row(now: Any) -> dict[str, Any]:
    """Every column of a record, of the newest words."""
    from consent.models import ConsentRecord
    from consent.models.evidence import number_of
    from consent.services import CATEGORIES
    from consent.state import lifetime

    if not LAST:
        row = ConsentRecord.objects.order_by("-decided_at").values().first()
        assert row
        LAST.update(row)
    record, until = uuid.uuid4(), (now + lifetime()).isoformat()
    return LAST | {
        "id": record,
        "number": number_of(record),
        "subject_id": uuid.uuid4(),
        "previous_id": None,
        "decided_at": now,
        "valid_until": now + lifetime(),
        "grants": dict.fromkeys(CATEGORIES, True),
        "asked": list(CATEGORIES),
        "scopes": dict.fromkeys(CATEGORIES, "0123abcd"),
        "until": dict.fromkeys(CATEGORIES, until),
    }
