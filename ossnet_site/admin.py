"""The frame of the staff pages, which carry the company's name, and the accounts of staff."""

from typing import Any

from django.contrib import admin
from django.contrib.auth.admin import GroupAdmin, UserAdmin
from django.contrib.auth.forms import AdminUserCreationForm
from django.contrib.auth.models import Group, User
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext_lazy as _
from django_otp.plugins.otp_static.models import StaticDevice
from django_otp.plugins.otp_totp.models import TOTPDevice

from consent.admin import OwnPages
from ossnet_site import second_factor, second_factor_pages
from ossnet_site.company import COMPANY
from ossnet_site.lockout import StaffLoginForm

admin.site.site_header = COMPANY.name
admin.site.site_title = COMPANY.name
admin.site.login_form = StaffLoginForm
admin.site.index_title = _("Staff pages")

# django-otp's own pages would show the secrets.
admin.site.unregister(TOTPDevice)
admin.site.unregister(StaticDevice)
admin.site.unregister(User)
admin.site.unregister(Group)


class SuperusersOnly(admin.ModelAdmin):
    """Whoever may change accounts or roles can give themselves every right: no permission stands for that."""

    def has_module_permission(self, request: HttpRequest) -> bool:
        """Whether the app is listed."""
        return is_superuser(request)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Reading too: a list says who has which rights."""
        return is_superuser(request)

    def has_add_permission(self, request: HttpRequest) -> bool:
        """A new account could be given any right."""
        return is_superuser(request)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """So could one's own."""
        return is_superuser(request)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody removes a colleague."""
        return is_superuser(request)


def is_superuser(request: HttpRequest) -> bool:
    """Whether an active superuser asks."""
    return bool(request.user.is_active and getattr(request.user, "is_superuser", False))


@admin.register(Group)
class RoleAdmin(SuperusersOnly, GroupAdmin):
    """Roles."""


class NewAccountForm(AdminUserCreationForm):
    """Without autofocus: the staff pages' script goes to the first field too, and browsers complain of the second."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["username"].widget.attrs.pop("autofocus")


@admin.register(User)
class AccountAdmin(SuperusersOnly, OwnPages, UserAdmin):
    """Accounts, and whether each has its second factor."""

    pages = (("<int:pk>/reset-second-factor/", second_factor_pages.reset_colleague, "reset-second-factor"),)
    add_form = NewAccountForm
    readonly_fields = ("has_second_factor",)

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """Django's, and the second factor of an account that there is."""
        own = [(_("Second factor"), {"fields": ("has_second_factor",)})] if obj else []
        return [*super().get_fieldsets(request, obj), *own]

    def user_change_password(self, request: HttpRequest, id: str, form_url: str = "") -> HttpResponse:  # noqa: A002 - Django's name
        """One's own is changed where the old one is asked for: a desk found unattended must not lose its owner."""
        if is_superuser(request) and id == str(request.user.pk):
            return redirect("admin:password_change")
        return super().user_change_password(request, id, form_url)

    @admin.display(description=_("is set up"), boolean=True)
    def has_second_factor(self, user: User) -> bool:
        """Whether a telephone is set up."""
        return second_factor.is_set_up(user)
