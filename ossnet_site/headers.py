"""The headers of every answer, also of those that later middleware never sees."""

from django.http import HttpRequest, HttpResponse
from django.middleware.security import SecurityMiddleware

from consent import csp


class SecurityHeadersMiddleware(SecurityMiddleware):
    """Outermost. Whatever an answer does not say itself is said here, at its strictest.

    The redirect to HTTPS is left to Django's own middleware further in, where its answer is still seen by all.
    """

    def process_request(self, request: HttpRequest) -> None:
        """Let everything pass."""

    def process_response(self, request: HttpRequest, response: HttpResponse) -> HttpResponse:
        """Add what is missing."""
        response = super().process_response(request, response)
        response.headers.setdefault("Content-Security-Policy", csp.NOTHING)
        response.headers.setdefault("Cross-Origin-Resource-Policy", "same-origin")
        if not response.headers.get("Content-Type", "").startswith("text/html"):
            response.headers.pop("Permissions-Policy", None)  # it is about pages; all else stays short
        return response
