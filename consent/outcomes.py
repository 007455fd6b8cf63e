"""What a decision came to, for whoever counts decisions without looking at records. Never whose it was."""

import threading


class _Last(threading.local):
    """The event of the record that this thread stored last; empty when that has been asked for."""

    event = ""


_last = _Last()


def stored(event: str) -> None:
    """A record with this event (``ConsentRecord.Event``) is being committed; it counts once the answer says so."""
    _last.event = event


def taken() -> str:
    """The event that this thread stored since the last question; empty when it stored nothing."""
    event, _last.event = _last.event, ""
    return event
