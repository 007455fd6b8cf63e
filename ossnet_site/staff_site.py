"""Django's admin with the pages of the second factor."""

import re
from collections.abc import Callable
from functools import wraps
from typing import Any

from django.conf import settings
from django.contrib.admin import AdminSite
from django.core.exceptions import BadRequest
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.urls import URLPattern, URLResolver, path
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_protect

# Addresses of Django's admin that no page of ours leads to. The first tells any member of staff of any row of any model
# whether it exists; the second searches.
UNUSED = {"view_on_site", "autocomplete"}
# What a list's tick boxes send: no number that a database could not hold.
ROW = re.compile(r"[0-9]{1,18}")


class StaffSite(AdminSite):
    """The door (``ossnet_site.door``) guards the addresses; this guards the views, wherever they are mounted."""

    def has_permission(self, request: HttpRequest) -> bool:
        """Whether somebody may see any page of staff."""
        from ossnet_site.door import Standing, standing

        return standing(request.user) is Standing.INSIDE

    def get_urls(self) -> list[URLPattern | URLResolver]:
        """Ours first; leaving must also be possible halfway, which Django's own route would refuse."""
        from ossnet_site import second_factor_pages as pages

        own: list[URLPattern | URLResolver] = [
            path("logout/", never_cache(csrf_protect(self.logout)), name="logout"),
            path("second-factor/", pages.halfway(pages.verify), name="verify"),
            path("second-factor/set-up/", pages.halfway(pages.set_up), name="set-up"),
            path("second-factor/recovery-codes/", self.admin_view(pages.recovery_codes), name="recovery-codes"),
        ]
        return own + [pattern for pattern in super().get_urls() if getattr(pattern, "name", None) not in UNUSED]

    def admin_view(self, view: Callable[..., HttpResponseBase], cacheable: bool = False) -> Any:
        """Django's; what no page of ours asks for is refused before the view stumbles over it."""

        @wraps(view)
        def careful(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            # By which column a popup names the row that was chosen. Django cannot bear all that may stand here.
            if {request.GET.get("_to_field", "id"), request.POST.get("_to_field", "id")} - {"id"}:
                raise BadRequest
            if not all(ROW.fullmatch(row) for row in request.POST.getlist("_selected_action")):
                raise BadRequest
            return view(request, *args, **kwargs)

        return super().admin_view(careful, cacheable)

    def each_context(self, request: HttpRequest) -> dict[str, Any]:
        """Django's, without the list of pages for somebody who may not see them yet."""
        context = {**super().each_context(request), "second_factor": settings.STAFF_SECOND_FACTOR}
        if not context["has_permission"]:
            context |= {"available_apps": [], "is_nav_sidebar_enabled": False}
        return context
