"""The frame of the staff pages, which carry the company's name, and the accounts of staff."""

from typing import Any

from django.contrib import admin
from django.contrib.auth.admin import UserAdmin
from django.contrib.auth.models import User
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from django_otp.plugins.otp_static.models import StaticDevice
from django_otp.plugins.otp_totp.models import TOTPDevice

from consent.admin import OwnPages
from ossnet_site import second_factor, second_factor_pages
from ossnet_site.company import COMPANY

admin.site.site_header = COMPANY.name
admin.site.site_title = COMPANY.name
admin.site.index_title = _("Staff pages")

# django-otp's own pages would show the secrets.
admin.site.unregister(TOTPDevice)
admin.site.unregister(StaticDevice)
admin.site.unregister(User)


@admin.register(User)
class AccountAdmin(OwnPages, UserAdmin):
    """Accounts, and whether each has its second factor."""

    pages = (("<int:pk>/reset-second-factor/", second_factor_pages.reset_colleague, "reset-second-factor"),)
    readonly_fields = ("has_second_factor",)

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """Django's, and the second factor of an account that there is."""
        own = [(_("Second factor"), {"fields": ("has_second_factor",)})] if obj else []
        return [*super().get_fieldsets(request, obj), *own]

    @admin.display(description=_("is set up"), boolean=True)
    def has_second_factor(self, user: User) -> bool:
        """Whether a telephone is set up."""
        return second_factor.is_set_up(user)
