"""What a line of the log says. Outside development each line is one JSON object."""

import logging
import re
import secrets
import sqlite3
import threading
import traceback
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import psycopg
from django.conf import settings
from django.db import Error
from pythonjsonlogger.json import JsonFormatter

Environ = dict[str, Any]

# Beside the request. No client can set them.
REQUEST_ID = "ossnet_site.request_id"
ROUTE = "ossnet_site.route"
NO_ROUTE = "(no route)"
# Any other word that somebody sends as a method is one of many.
METHODS = {"GET", "HEAD", "POST", "OPTIONS", "PUT", "PATCH", "DELETE"}
# What a proxy may call a request: nothing that could be a sentence, an address with its port or another line.
WELL_FORMED = re.compile(r"[A-Za-z0-9_-]{8,64}", re.ASCII)
# What a line may hold beside its words. Everything else that comes with a record, such as the request, stays out.
FIELDS = ("route", "method", "status", "milliseconds", "stored", "granted", "refused", "undecided")
# Faults that may be said in words.
OF_A_CONNECTION = (psycopg.OperationalError, psycopg.InterfaceError)
LONGEST_WORDS = 300  # characters


class _Current(threading.local):
    """The WSGI environment of the request that this thread answers."""

    environ: Environ | None = None


current = _Current()


def request_id(environ: Environ) -> str:
    """The name under which the log tells this request from others: made up when it is first asked for.

    A proxy that we believe (BEHIND_TLS_PROXY) may have given it one in ``X-Request-ID``; it is the same in its own log.
    """
    known: str | None = environ.get(REQUEST_ID)
    if known is None:
        given = environ.get("HTTP_X_REQUEST_ID", "") if settings.BEHIND_TLS_PROXY else ""
        known = environ[REQUEST_ID] = given if WELL_FORMED.fullmatch(given) else secrets.token_hex(8)
    return known


def method_of(environ: Environ) -> str:
    """The method of the request, in a word of ours."""
    method: str = environ["REQUEST_METHOD"]
    return method if method in METHODS else "other"


class OneLineForRefusals(logging.Filter):
    """A refused request is one line: its traceback would say nothing, and a flood of them would fill the disk.

    The line names the route, not the address: a record number in it would lead to a visitor.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        """Let every record pass, those of refusals without a traceback."""
        if record.levelno < logging.ERROR or record.name.startswith("django.security."):
            record.exc_info = record.exc_text = None
        request = getattr(record, "request", None)
        if request is not None and isinstance(record.args, tuple):
            match = getattr(request, "resolver_match", None)
            route = f"/{match.route}" if match else getattr(request, "META", {}).get(ROUTE, NO_ROUTE)
            record.args = tuple(route if part == getattr(request, "path", "") else part for part in record.args)
        return True


class JsonLines(JsonFormatter):
    """One JSON object a line: time (UTC), level, logger, message, the request's id, and what ``FIELDS`` names."""

    def __init__(self) -> None:
        super().__init__(json_ensure_ascii=False)

    def add_fields(self, log_data: dict[str, Any], record: logging.LogRecord, message_dict: dict[str, Any]) -> None:
        """Take what is named here and nothing else."""
        log_data["time"] = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        log_data |= {"level": record.levelname, "logger": record.name, "message": record.getMessage()}
        if current.environ is not None:
            log_data["request_id"] = request_id(current.environ)
        log_data |= {name: getattr(record, name) for name in FIELDS if hasattr(record, name)}
        if "exc_info" in message_dict:
            log_data["traceback"] = message_dict["exc_info"]

    def formatException(self, ei: Any) -> str:  # noqa: N802 - logging's name
        """The traceback, without what a database says of the values that it refused."""
        return "".join(told(ei[1])).rstrip("\n") if ei[1] else ""


def told(fault: BaseException) -> Iterator[str]:
    """Lines as Python writes them, those of earlier faults first."""
    earlier = fault.__cause__ or (None if fault.__suppress_context__ else fault.__context__)
    if earlier is not None:
        yield from told(earlier)
        yield "\nDirect cause of:\n\n" if fault.__cause__ else "\nWhile that was handled:\n\n"
    if fault.__traceback__ is not None:
        yield "Traceback (most recent call last):\n"
        yield from traceback.format_tb(fault.__traceback__)
    if isinstance(fault, Error | sqlite3.Error) or hasattr(fault, "sqlstate"):
        yield f"{type(fault).__module__}.{type(fault).__qualname__}{code(fault)}\n"
    else:
        yield from traceback.format_exception_only(fault)


def code(fault: BaseException) -> str:
    """What a database calls the fault. PostgreSQL's own words may quote a whole consent record."""
    for error in (fault, fault.__cause__):
        named = getattr(error, "sqlstate", None) or getattr(error, "sqlite_errorname", None) or words(error)
        if named:
            return f": {named}"
    return ""


def words(fault: BaseException | None) -> str:
    """What libpq, psycopg or its pool say of a connection that broke, or could not be had; else nothing.

    What the server says of a statement has a code. What has none was said before the first statement, or when no answer
    came: host, port, database, role and the reason, which whoever is on duty needs. Neither libpq nor the server says
    the password again; psycopg does for an address that it cannot read, which is an error of another kind. SQLite is
    left out: its own faults have a code, and what Python says of a text that it cannot decode quotes the text.
    """
    if isinstance(fault, OF_A_CONNECTION) and fault.sqlstate is None:
        return str(fault).partition("\n")[0][:LONGEST_WORDS]
    return ""
