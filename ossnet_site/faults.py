"""Reports of faults to Sentry, or to what speaks its language: off unless SENTRY_DSN is set.

A report holds the kind of the fault, where in the program it happened, the words of the log line without what was
filled into them, and the request's route and id. What an exception says may quote what somebody sent, so that it stays
in the log of this machine. ``scrubbed`` takes what is named here and nothing else: whatever a newer library gathers
stays out by itself.
"""

import logging
from typing import TYPE_CHECKING, Any

import sentry_sdk
from django.conf import settings
from sentry_sdk.integrations.atexit import AtexitIntegration
from sentry_sdk.integrations.excepthook import ExcepthookIntegration
from sentry_sdk.integrations.logging import LoggingIntegration, ignore_logger

from ossnet_site.logs import NO_ROUTE, ROUTE, current, method_of, request_id

if TYPE_CHECKING:
    from sentry_sdk.transport import Transport
    from sentry_sdk.types import Event, Hint

OF_THE_EVENT = ("event_id", "timestamp", "level", "platform", "logger")
# Whose log lines fill what they quote into a fixed sentence; those of others may be made of it.
PLAIN = ("ossnet_site", "consent", "privacy", "django.request", "gunicorn.error")
OF_A_FRAME = ("filename", "module", "function", "lineno", "in_app")


def start_reporting(transport: "type[Transport] | None" = None) -> None:
    """Report what is logged as an error, and what ends a command; not what was refused, which is no fault of ours."""
    ignore_logger("django.security.*")
    sentry_sdk.init(
        dsn=settings.SENTRY_DSN,
        transport=transport,
        # None that looks at requests, bodies, arguments or other libraries, and none that finds itself.
        default_integrations=False,
        auto_enabling_integrations=False,
        integrations=[
            LoggingIntegration(level=None, event_level=logging.ERROR),
            ExcepthookIntegration(),
            AtexitIntegration(callback=lambda pending, timeout: None),
        ],
        data_collection={
            "user_info": False,
            "http_bodies": [],
            "stack_frame_variables": False,
            "frame_context_lines": 0,
        },
        max_breadcrumbs=0,
        auto_session_tracking=False,
        send_client_reports=False,
        server_name="",
        before_send=scrubbed,
    )


def scrubbed(event: "Event", hint: "Hint") -> "Event | None":
    """The report that is sent instead of ``event``; None for an answer that says that the database is away.

    Each visitor gets that one meanwhile. It is no fault of the program, and readiness says it.
    """
    if event.get("logger") == "django.request" and "exception" not in event:
        return None
    report: dict[str, Any] = {name: event[name] for name in OF_THE_EVENT if name in event}  # type: ignore[literal-required]
    if "logentry" in event and event.get("logger", "").startswith(PLAIN):
        report["logentry"] = {"message": event["logentry"]["message"]}
    faults = event.get("exception", {}).get("values", [])
    if faults:
        report["exception"] = {"values": [_where(fault) for fault in faults]}
    if current.environ is not None:
        route = current.environ.get(ROUTE, NO_ROUTE)
        tags = {"route": route, "method": method_of(current.environ), "request_id": request_id(current.environ)}
        report["tags"] = tags
    return report  # type: ignore[return-value]


def _where(fault: dict[str, Any]) -> dict[str, Any]:
    """The kind of an exception, and the places in the program that it went through."""
    frames = (fault.get("stacktrace") or {}).get("frames", [])
    places = [{name: frame[name] for name in OF_A_FRAME if name in frame} for frame in frames]
    return {"type": fault.get("type"), "module": fault.get("module"), "stacktrace": {"frames": places}}
