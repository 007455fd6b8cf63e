"""A double click, or a POST that was sent once more, makes one record.

A later decision names the record before it, which tells a repetition for certain. A first one has nothing of its own,
as a public page carries no token: there a press of a button counts as repeated when the same address and browser sent
the same form within the window. What is stored is a keyed hash that lives a few seconds; the key changes each day.
"""

import uuid
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from django.conf import settings
from django.db.models import Q
from django.http import HttpRequest
from django.utils.crypto import salted_hmac

from consent.models import ConsentRecord, RecentDecision
from consent.state import StoredChoice

if TYPE_CHECKING:
    from consent.recording import Submission

# How long a press can be the same one again: by somebody who is known, and by somebody who can only be guessed.
KNOWN, GUESSED = timedelta(minutes=10), timedelta(seconds=3)


def sender(request: HttpRequest, choice: StoredChoice | None) -> str:
    """Who sends: the record that the browser's cookie names, else address and headers; empty when it cannot be told.

    Only a browser that says that a person pressed the button is compared by its address: programs do not double-click.
    """
    if choice is not None:
        return str(choice.record_id)
    if request.headers.get("Sec-Fetch-User") != "?1":
        return ""
    address = request.META.get("REMOTE_ADDR", "")
    if settings.SECURE_PROXY_SSL_HEADER:
        address = request.headers.get("X-Forwarded-For", "").rpartition(",")[2].strip()
    return "\n".join([address, *(request.headers.get(name, "") for name in ("User-Agent", "Accept-Language"))])


def of(submission: "Submission", record_id: uuid.UUID, now: datetime) -> ConsentRecord | None:
    """The record that this very submission made a moment ago; None when it is new, which is then remembered.

    Of two at the same time the database lets one wait for the other.
    """
    if not submission.sender:
        return None
    window = GUESSED if "\n" in submission.sender else KNOWN
    # The second condition is for a clock that was put back.
    RecentDecision.objects.filter(Q(expires_at__lt=now) | Q(expires_at__gt=now + KNOWN)).delete()
    key = salted_hmac(f"consent.repeats {now:%Y-%m-%d}", repr(submission), algorithm="sha256").hexdigest()
    mine = RecentDecision(key=key, record_id=record_id, expires_at=now + window)
    RecentDecision.objects.bulk_create([mine], ignore_conflicts=True)
    first = RecentDecision.objects.get(key=key)
    return None if first.record_id == record_id else ConsentRecord.objects.filter(pk=first.record_id).first()
