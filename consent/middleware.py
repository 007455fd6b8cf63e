"""Hangs the visitor's consent on the request and the matching Content-Security-Policy on the answer."""

from collections.abc import Callable
from typing import cast

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils.cache import patch_cache_control, patch_vary_headers
from django.utils.functional import SimpleLazyObject

from consent import cleanup, cookie, csp
from consent.state import Consent, ConsentRequest


class ConsentMiddleware:
    """``request.consent`` is the only thing that templates, the policy header and caches ask about consent."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer the request, then say to the browser what this answer may load."""
        consent_request = cast("ConsentRequest", request)
        service_free = request.path_info.startswith(settings.CONSENT_SERVICE_FREE_PATHS)
        consent_request.consent = cast(
            "Consent", SimpleLazyObject(lambda: consent_of(request, service_free=service_free))
        )
        response = self.get_response(request)
        if not response.headers.get("Content-Type", "").startswith("text/html"):
            response.headers["Content-Security-Policy"] = csp.NOTHING
        else:
            consent = consent_request.consent
            guard(response, consent, service_free=service_free)
            keep_states_apart(response, has_services=bool(consent.services))
            response.headers["Consent-State"] = consent.key  # for static/js/site.js
            if settings.COOKIE_CONSENT_NAME not in response.cookies:  # else the decision has seen to it
                # A page that was open when consent ended may have written its cookies again since.
                cleanup.expire_cookies(request, response, consent.ended_services)
        return response


def guard(response: HttpResponse, consent: Consent, *, service_free: bool) -> None:
    """Say to the browser what this page may load, and where to report what it refused."""
    if service_free:
        policy = csp.for_staff(getattr(response, "csp_sources", None))
    else:
        policy = csp.for_visitors(consent.services, clears_storage=bool(consent.idle_services))
    response.headers["Content-Security-Policy"] = policy
    if not consent.services:  # a vendor's files do not say that other sites may embed them
        response.headers["Cross-Origin-Embedder-Policy"] = "require-corp"


def consent_of(request: HttpRequest, *, service_free: bool) -> Consent:
    """What the visitor has chosen; nothing where no service may run whatever they chose."""
    return Consent() if service_free else Consent(choice=cookie.read(request), gpc=sends_gpc(request))


def sends_gpc(request: HttpRequest) -> bool:
    """Whether the browser sends Global Privacy Control: the value 1 and nothing else."""
    return request.META.get("HTTP_SEC_GPC") == "1"


def keep_states_apart(response: HttpResponse, *, has_services: bool) -> None:
    """A shared cache must never give one visitor's page to another; a private one must ask first.

    A page in which services run is not kept at all: going back to it after a withdrawal would run them again.
    """
    patch_vary_headers(response, ["Cookie", "Sec-GPC"])
    if not response.has_header("Cache-Control"):
        patch_cache_control(response, private=True, **({"no_store": True} if has_services else {"no_cache": True}))
