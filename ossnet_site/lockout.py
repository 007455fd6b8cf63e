"""Five failures lock an account for a client: what django-axes counts, by what, and what it answers."""

import ipaddress
from typing import Any

from axes.handlers.database import AxesDatabaseHandler
from axes.handlers.proxy import AxesProxyHandler
from django.conf import settings
from django.contrib.admin.forms import AdminAuthenticationForm
from django.contrib.auth.models import User
from django.contrib.auth.signals import user_login_failed
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _

from ossnet_site.clients import client_pseudonym
from ossnet_site.views import error_page


class FailureCounter(AxesDatabaseHandler):  # type: ignore[misc] # axes has no types
    """Keeps the name that was typed, the client's pseudonym, a number and a time, and nothing else of the request.

    Each failure, login and logout deletes what is older than the cool-off.
    """

    def user_login_failed(
        self, sender: Any, credentials: dict[str, Any], request: HttpRequest | None = None, **kwargs: Any
    ) -> None:
        """Count one failure. The browser's name is left out, so that another one gives no further attempts."""
        if request is not None:
            request.axes_user_agent = request.axes_http_accept = ""  # type: ignore[attr-defined]
        super().user_login_failed(sender, credentials, request, **kwargs)

    def user_logged_in(self, sender: Any, request: HttpRequest, user: User, **kwargs: Any) -> None:
        """Forget the failures, but not while a code is still to come: the password alone must not buy more guesses."""
        super().user_logged_in(sender, request, user, **kwargs)
        if not settings.STAFF_SECOND_FACTOR:
            self.reset_user_attempts(request, account(user))


class StaffLoginForm(AdminAuthenticationForm):
    """An account that is no staff is a failure like any other: five of them lock it."""

    def confirm_login_allowed(self, user: User) -> None:
        """Raise ValidationError, as Django does, for whoever may not sign in here."""
        try:
            super().confirm_login_allowed(user)
        except ValidationError:
            count_failure(self.request, user)
            raise


def forget_what_was_sent(instance: Any, **kwargs: Any) -> None:
    """Before a row of axes is stored: without anything of the form and the address."""
    instance.get_data = instance.post_data = ""


def pseudonymous_address(request: HttpRequest) -> str:
    """The client's pseudonym in the form that axes wants: an address in fd00::/8, which belongs to nobody."""
    return str(ipaddress.IPv6Address(bytes([0xFD]) + bytes.fromhex(client_pseudonym(request))[:15]))


def account(user: User) -> dict[str, str]:
    """The account as axes names it."""
    return {"username": user.get_username()}


def is_locked(request: HttpRequest, user: User) -> bool:
    """Whether the account is locked for this client; if it is, axes' middleware answers in the place of the page."""
    locked = not AxesProxyHandler.is_allowed(request, account(user))
    if locked:
        request.axes_locked_out = True  # type: ignore[attr-defined]
        request.axes_credentials = account(user)  # type: ignore[attr-defined]
    return locked


def count_failure(request: HttpRequest | None, user: User) -> None:
    """Whatever else is wrong with a login counts like a wrong password."""
    user_login_failed.send(sender=__name__, credentials=account(user), request=request)


def forget_failures(request: HttpRequest, user: User) -> None:
    """After the last step of a login."""
    AxesProxyHandler.update_request(request)
    AxesProxyHandler.get_implementation().reset_user_attempts(request, account(user))


def answer(request: HttpRequest, response: HttpResponse | None, credentials: dict[str, Any] | None) -> HttpResponse:
    """429 with the seconds to wait; the same whether there is such an account or not."""
    page = error_page(request, 429, _("After several failed attempts signing in is paused. Try again in 15 minutes."))
    page.headers["Retry-After"] = str(seconds_left(request, credentials))
    page.headers["Cache-Control"] = "no-store"
    return page


def seconds_left(request: HttpRequest, credentials: dict[str, Any] | None) -> int:
    """Until the lock ends; at least one."""
    (attempts,) = AxesProxyHandler.get_implementation().get_user_attempts(request, credentials)
    latest = attempts.order_by("-attempt_time").values_list("attempt_time", flat=True).first()
    ends = (latest or timezone.now()) + settings.AXES_COOLOFF_TIME
    return max(1, int((ends - timezone.now()).total_seconds()))
