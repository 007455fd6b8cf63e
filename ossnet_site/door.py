"""The door of the staff pages: who may pass, how far, and for how long.

It stands before every address under ``/admin/``, so that no view there can forget to ask.
"""

from collections.abc import Callable
from contextlib import nullcontext
from enum import Enum
from typing import Any

from django.conf import settings
from django.contrib.auth import logout
from django.contrib.auth.views import redirect_to_login
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.cache import add_never_cache_headers
from django_otp import DEVICE_ID_SESSION_KEY

from ossnet_site import limits, patience
from ossnet_site.middleware import database_away
from ossnet_site.views import error_page

STAFF_PAGES = "/admin/"
# What is open before the second factor, and even before the password.
LOGIN = STAFF_PAGES + "login/"
SECOND_STEP = {STAFF_PAGES + page for page in ("second-factor/", "second-factor/set-up/", "logout/")}

# Where a password or a code is typed.
TYPED = {
    f"admin:{page}"
    for page in ("login", "verify", "set-up", "recovery-codes", "password_change", "auth_user_reset-second-factor")
}

LONGEST = 12 * 60 * 60  # seconds; a working day, after which everybody signs in again
TOUCH = 60  # seconds; a busy session is written once a minute, so that it ends 29 to 30 minutes after the last page
SINCE, SEEN = "signed_in_at", "seen_at"


class Standing(Enum):
    """How far somebody has come."""

    OUTSIDE = "outside"
    HALFWAY = "halfway"
    INSIDE = "inside"


def standing(user: Any) -> Standing:
    """Outside without a staff account, halfway with its password alone, inside with what the settings ask for."""
    if not (user.is_active and user.is_staff):
        return Standing.OUTSIDE
    if settings.STAFF_SECOND_FACTOR and not (hasattr(user, "is_verified") and user.is_verified()):
        return Standing.HALFWAY
    return Standing.INSIDE


class StaffDoorMiddleware:
    """Sends whoever has not come far enough to the next step."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer, or send to the next step."""
        if not request.path_info.startswith(STAFF_PAGES):
            return self.get_response(request)
        try:
            elsewhere = next_step(request)
        except (OperationalError, InterfaceError):
            return database_away(request)
        if elsewhere is None:
            unhurried = standing(request.user) is Standing.INSIDE
            with patience.as_long_as_it_takes() if unhurried else nullcontext():
                return self.get_response(request)
        add_never_cache_headers(elsewhere)
        return elsewhere

    def process_view(self, request: HttpRequest, *view: object) -> HttpResponse | None:
        """Count what a client sends to where passwords and codes are typed, once Django's token is right."""
        name = request.resolver_match.view_name if request.resolver_match else ""
        wait = limits.seconds_to_wait("sign-in", request) if request.method == "POST" and name in TYPED else None
        if wait is None:
            return None
        page = error_page(request, 429)
        page.headers["Retry-After"] = str(wait)
        add_never_cache_headers(page)
        return page


def next_step(request: HttpRequest) -> HttpResponse | None:
    """Where this request is sent instead; None lets it pass."""
    if request.user.is_authenticated and not goes_on(request):
        logout(request)
    reached = standing(request.user)
    if reached is Standing.INSIDE or (request.path_info == LOGIN and request.method == "POST"):
        return None
    if reached is Standing.OUTSIDE:
        return None if request.path_info == LOGIN else redirect_to_login(wanted(request), reverse("admin:login"))
    return None if request.path_info in SECOND_STEP else redirect_to_login(wanted(request), reverse("admin:verify"))


def wanted(request: HttpRequest) -> str:
    """The page to go on to afterwards."""
    if request.method not in ("GET", "HEAD") or request.path_info == LOGIN:
        return reverse("admin:index")
    return request.get_full_path()


def goes_on(request: HttpRequest) -> bool:
    """Whether the session is younger than ``LONGEST``; an idle one ends by SESSION_COOKIE_AGE, which this restarts."""
    now = int(timezone.now().timestamp())
    if now - request.session.get(SINCE, 0) >= LONGEST:
        return False
    if now - request.session.get(SEEN, 0) >= TOUCH:
        request.session[SEEN] = now
    return True


def start_session(request: HttpRequest, **kwargs: Any) -> None:
    """At each login: the time counts from now, and what was verified in an earlier one no longer counts.

    Django keeps the key of a session when the same person signs in again; here each login has its own.
    """
    request.session.cycle_key()
    request.session[SINCE] = request.session[SEEN] = int(timezone.now().timestamp())
    request.session.pop(DEVICE_ID_SESSION_KEY, None)
