"""What machines ask: health checks and metrics. They are answered before the host check and the redirect to HTTPS, as
probes use addresses, and before everything that looks at the database, which may hang.
"""

import pkgutil
from collections.abc import Callable, Iterable
from functools import cache
from importlib import import_module
from typing import cast

from django.apps import apps
from django.conf import settings
from django.core.handlers.base import BaseHandler
from django.core.handlers.wsgi import WSGIRequest
from django.db import Error, connection
from django.db.migrations.loader import MigrationLoader
from django.http import HttpRequest, HttpResponse
from django.utils.crypto import constant_time_compare

from ossnet_site import in_time, triggers
from ossnet_site.front import Application, Environ
from ossnet_site.logs import ROUTE
from ossnet_site.stored_page import StartResponse
from privacy.models import PolicyVersion

LIVE, READY, METRICS = "/healthz/live", "/healthz/ready", "/metrics"


class Probes:
    """The WSGI application between a probe and all others.

    Django closes or tries connections before and after each request, which would hang with the database; its
    middleware, which gives every answer its headers, does not.
    """

    def __init__(self, application: Application, django: BaseHandler) -> None:
        self.application = application
        self.django = django
        self.addresses = {LIVE, READY, METRICS} if settings.METRICS_TOKEN else {LIVE, READY}

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        """Answer a probe; pass everything else on."""
        if environ["PATH_INFO"] not in self.addresses:
            return self.application(environ, start_response)
        response = cast("HttpResponse", self.django.get_response(WSGIRequest(environ)))
        start_response(f"{response.status_code} {response.reason_phrase}", list(response.items()))
        return (response.content,)


class HealthCheckMiddleware:
    """Answers ``/healthz/live`` (this process runs), ``/healthz/ready`` (it can show the policy) and ``/metrics``."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer a probe at once; pass everything else on."""
        if request.path_info in (LIVE, READY, METRICS):
            request.META[ROUTE] = request.path_info
        if request.path_info == LIVE:
            return plain("ok", 200)
        if request.path_info == READY:
            fault = what_is_missing()
            return plain(fault or "ok", 503 if fault else 200)
        if request.path_info == METRICS and settings.METRICS_TOKEN:
            return metrics(request)
        return self.get_response(request)


def what_is_missing() -> str:
    """Why this process should not get visitors; empty when it can show the policy and take decisions."""
    try:
        return in_time.in_time(_look)
    except (Error, in_time.TookTooLong):
        return "database unavailable"


def _look() -> str:
    """Three looks into small tables, and one at the schema."""
    if known_migrations() - applied_migrations():
        return "migrations missing"
    if triggers.missing(connection):
        return "triggers missing"
    return "" if PolicyVersion.objects.published().exists() else "no policy in force"


@cache
def known_migrations() -> set[tuple[str, str]]:
    """App and name of each migration that came with this release. They are listed, not imported."""
    known = set()
    for app in apps.get_app_configs():
        module, _is_explicit = MigrationLoader.migrations_module(app.label)
        if module:
            known |= {(app.label, name) for name in _names_in(module)}
    return known


def _names_in(module: str) -> list[str]:
    try:
        package = import_module(module)
    except ModuleNotFoundError:  # an app without tables
        return []
    return [found.name for found in pkgutil.iter_modules(package.__path__) if found.name[0] not in "_~"]


def applied_migrations() -> set[tuple[str, str]]:
    """App and name of each migration that the database has seen."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT app, name FROM django_migrations")
        return set(cursor.fetchall())


def metrics(request: HttpRequest) -> HttpResponse:
    """The numbers for whoever brings METRICS_TOKEN."""
    scheme, _space, token = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not constant_time_compare(token, settings.METRICS_TOKEN):
        response = plain("a token is needed", 401)
        response.headers["WWW-Authenticate"] = "Bearer"
        return response
    from ossnet_site import metrics as numbers  # nobody else needs the library

    headers = {"Cache-Control": "no-store"}
    return HttpResponse(numbers.exposition(), content_type=numbers.CONTENT_TYPE, headers=headers)


def plain(text: str, status: int) -> HttpResponse:
    """A small answer that nobody stores."""
    headers = {"Cache-Control": "no-store"}
    return HttpResponse(text, status=status, content_type="text/plain; charset=utf-8", headers=headers)
