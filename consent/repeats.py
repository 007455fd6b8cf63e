"""A double click, or a POST that was sent once more, makes one record.

A later decision names the record before it, which tells a repetition for certain. A first one has nothing of its own,
as a public page carries no token: there a press of a button counts as repeated when the same address and browser sent
the same form within the window. What is stored is a keyed hash that lives a few seconds; the key changes each day.
"""

import uuid
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.db import connection, models
from django.http import HttpRequest

from consent.models import ConsentRecord, RecentDecision
from consent.state import StoredChoice
from ossnet_site.keyed_hash import salted_hmac

if TYPE_CHECKING:
    from consent.recording import Submission

# How long a press can be the same one again: by somebody who is known, and by somebody who can only be guessed.
KNOWN, GUESSED = timedelta(minutes=10), timedelta(seconds=3)
# One statement, as every first decision makes it. It changes no row where the press is a repetition. What a clock that
# was put back left in the future counts as gone, like what is past its time.
REMEMBER = """
    INSERT INTO consent_recentdecision AS r (key, record_id, expires_at) VALUES (%s, %s, %s)
    ON CONFLICT (key) DO UPDATE SET record_id = EXCLUDED.record_id, expires_at = EXCLUDED.expires_at
    WHERE r.expires_at < %s OR r.expires_at > %s
"""
CLEAR = "DELETE FROM consent_recentdecision WHERE expires_at < %s OR expires_at > %s"
CLEARED_EVERY = timedelta(seconds=1)
_cleared_at = datetime.min.replace(tzinfo=UTC)  # by this process


def sender(request: HttpRequest, choice: StoredChoice | None) -> str:
    """Who sends: the record that the browser's cookie names, else address and headers; empty when it cannot be told.

    Only a browser that says that a person pressed the button is compared by its address: programs do not double-click.
    """
    if choice is not None:
        return str(choice.record_id)
    if request.META.get("HTTP_SEC_FETCH_USER") != "?1":
        return ""
    address = request.META.get("REMOTE_ADDR", "")
    if settings.SECURE_PROXY_SSL_HEADER:
        address = request.META.get("HTTP_X_FORWARDED_FOR", "").rpartition(",")[2].strip()
    return "\n".join([address, *(request.META.get(name, "") for name in ("HTTP_USER_AGENT", "HTTP_ACCEPT_LANGUAGE"))])


@dataclass(frozen=True)
class Press:
    """A submission as it is remembered until ``expires_at``.

    What was remembered until before ``gone_before``, or is to be until after ``gone_after``, counts as gone.
    """

    key: str
    expires_at: datetime
    gone_before: datetime
    gone_after: datetime


def press(submission: "Submission", now: datetime) -> Press | None:
    """What to remember of a submission; None when it cannot be told who sends."""
    if not submission.sender:
        return None
    window = GUESSED if "\n" in submission.sender else KNOWN
    key = salted_hmac(f"consent.repeats {now.date()}", repr(submission)).hex()
    return Press(key, now + window, gone_before=now, gone_after=now + KNOWN)


def is_time_to_clear(pressed: Press) -> bool:
    """Whether what is gone should be cleared away with this press: once a second in each process."""
    global _cleared_at
    if abs(pressed.gone_before - _cleared_at) < CLEARED_EVERY:
        return False
    _cleared_at = pressed.gone_before
    return True


def of(submission: "Submission", record_id: uuid.UUID, now: datetime) -> ConsentRecord | None:
    """The record that this very submission made a moment ago; None when it is new, which is then remembered.

    Of two at the same time the database lets one wait for the other.
    """
    pressed = press(submission, now)
    if pressed is None:
        return None
    gone = [_stored("expires_at", pressed.gone_before), _stored("expires_at", pressed.gone_after)]
    with connection.cursor() as cursor:
        if is_time_to_clear(pressed):
            cursor.execute(CLEAR, gone)
        until = _stored("expires_at", pressed.expires_at)
        cursor.execute(REMEMBER, [pressed.key, _stored("record_id", record_id), until, *gone])
        if cursor.rowcount == 1:
            return None
    first = RecentDecision.objects.get(key=pressed.key)
    return ConsentRecord.objects.filter(pk=first.record_id).first()


def _stored(field: str, value: object) -> Any:
    """A value as the engine keeps it in a column of the table."""
    column: models.Field[Any, Any] = RecentDecision._meta.get_field(field)  # type: ignore[assignment]
    return column.get_db_prep_value(value, connection)
