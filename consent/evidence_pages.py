"""What staff do with evidence: find it, see what a visitor saw, and take it out as a file."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from django.contrib.admin import ModelAdmin
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.auth.models import User
from django.contrib.contenttypes.models import ContentType
from django.core.exceptions import BadRequest, PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import override

from consent.forms import SHA256_HEX
from consent.models import ConsentRecord, Disclosure
from consent.models.evidence import as_number
from ossnet_site import patience

CHUNK = 2000  # rows in memory at a time
COLUMNS = (
    *("number", "id", "schema_version", "subject_id", "previous_id", "event", "control", "decided_at", "valid_until"),
    *("grants", "asked", "scopes", "disclosure_id", "policy_version__number", "policy_sha256", "language"),
    *("jurisdiction", "path", "gpc"),
)


def found(records: QuerySet[ConsentRecord], term: str) -> QuerySet[ConsentRecord]:
    """The records that a search for a number or a day finds; all for an empty one."""
    if not term.strip():
        return records
    if number := as_number(term):
        return records.filter(number=number)
    for form in ("%d.%m.%Y", "%Y-%m-%d"):
        try:
            day = timezone.make_aware(datetime.strptime(term.strip().rstrip("."), form))  # noqa: DTZ007 - made aware
        except (ValueError, OverflowError):
            continue
        if day.year in range(2000, 3000):
            return records.filter(decided_at__gte=day, decided_at__lt=day + timedelta(days=1))
    return records.none()


def show_disclosure(admin: ModelAdmin[Disclosure], request: HttpRequest, sha256: str) -> HttpResponse:
    """Both layers as they were on the screen."""
    if not admin.has_view_permission(request):
        raise PermissionDenied
    disclosure = Disclosure.objects.filter(pk=sha256).first() if SHA256_HEX.fullmatch(sha256) else None
    if disclosure is None:
        raise Http404
    return as_shown(request, disclosure)


def as_shown(request: HttpRequest, disclosure: Disclosure, **context: object) -> HttpResponse:
    """The page of a stored disclosure, in its language, with controls that do nothing."""
    content = json.loads(disclosure.content)
    with override(content["language"]):
        shown = {"content": content, "sha256": disclosure.sha256}
        context |= {"seen": shown, "seen_from": disclosure.created_at, "frozen": True, "hide_banner": True}
        response = render(request, "consent/disclosure.html", context)
    response.headers["Content-Language"] = content["language"]
    response.headers["Cache-Control"] = "private, no-store"
    response.headers["X-Robots-Tag"] = "noindex"
    return response


def export(admin: ModelAdmin[ConsentRecord], request: HttpRequest, form: str) -> HttpResponseBase:
    """The filtered records as a file that is written while it is sent, however many; the log keeps who asked."""
    if not admin.has_view_permission(request):
        raise PermissionDenied
    if form not in WRITERS:
        raise Http404
    try:
        records = admin.get_changelist_instance(request).get_queryset(request)
    except (IncorrectLookupParameters, ValueError, OverflowError) as error:
        raise BadRequest from error
    write, content_type = WRITERS[form]
    note(request, _("Exported %(count)s records as %(form)s, filter: %(filter)s"), records.count(), form)
    rows = records.values_list(*COLUMNS).iterator(chunk_size=CHUNK)
    name = f"consent-records-{timezone.localtime():%Y-%m-%d-%H%M}.{form}"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return StreamingHttpResponse(_unhurried(write(rows)), content_type=content_type, headers=headers)


def _unhurried(lines: Iterator[str]) -> Iterator[str]:
    """They are asked for after the view has ended, and half of them would look like all."""
    with patience.as_long_as_it_takes():
        yield from lines


def note(request: HttpRequest, words: str, count: int, form: str) -> None:
    """Write the export into the admin log."""
    assert isinstance(request.user, User)  # noqa: S101 - admin_view has seen to it
    LogEntry.objects.create(
        user=request.user,
        content_type=ContentType.objects.get_for_model(ConsentRecord),
        object_repr=form,
        action_flag=CHANGE,
        change_message=words % {"count": count, "form": form, "filter": request.GET.urlencode() or "–"},
    )


class _Echo:
    """A file that gives back what is written to it."""

    def write(self, line: str) -> str:
        return line


def _csv(rows: Iterator[tuple[Any, ...]]) -> Iterator[str]:
    writer = csv.writer(_Echo())
    yield "\ufeff"  # spreadsheets take the file for another encoding without it
    yield writer.writerow(COLUMNS)
    for row in rows:
        yield writer.writerow([_cell(value) for value in row])


def _cell(value: Any) -> str:
    """The value as text that no spreadsheet takes for a formula."""
    text = json.dumps(value) if isinstance(value, (dict, list)) else _plain(value)
    return f"'{text}" if text.startswith(("=", "+", "-", "@", "\t", "\r")) else text


def _json(rows: Iterator[tuple[Any, ...]]) -> Iterator[str]:
    separator = "["
    for row in rows:
        facts = {
            name: value if isinstance(value, (dict, list, bool, int)) or value is None else _plain(value)
            for name, value in zip(COLUMNS, row, strict=True)
        }
        yield separator + json.dumps(facts, ensure_ascii=False)
        separator = ",\n"
    yield "[]" if separator == "[" else "]"


def _plain(value: Any) -> str:
    if value is None:
        return ""
    return value.isoformat().replace("+00:00", "Z") if isinstance(value, datetime) else str(value)


WRITERS = {"csv": (_csv, "text/csv; charset=utf-8"), "json": (_json, "application/json")}
