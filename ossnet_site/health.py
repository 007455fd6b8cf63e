"""Health checks for machines. They answer before the host check and the redirect to HTTPS, as probes use addresses."""

from collections.abc import Callable

from django.db import Error, connection
from django.http import HttpRequest, HttpResponse

from privacy.models import PolicyVersion


class HealthCheckMiddleware:
    """Answers ``/healthz/live`` (this process runs) and ``/healthz/ready`` (it can show the policy)."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer a probe at once; pass everything else on."""
        if request.path_info == "/healthz/live":
            return plain("ok", 200)
        if request.path_info == "/healthz/ready":
            return readiness()
        return self.get_response(request)


def readiness() -> HttpResponse:
    """200 when the policy can be shown; 503 when the database does not answer or nothing has been loaded into it."""
    try:
        ready = PolicyVersion.objects.published().exists()
    except Error:
        connection.close()
        return plain("database unavailable", 503)
    return plain("ok", 200) if ready else plain("no policy in force", 503)


def plain(text: str, status: int) -> HttpResponse:
    """A small answer that nobody stores."""
    headers = {"Cache-Control": "no-store"}
    return HttpResponse(text, status=status, content_type="text/plain; charset=utf-8", headers=headers)
