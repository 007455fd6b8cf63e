"""The pages of the second factor: give a code, set a telephone up, get new recovery codes, take a colleague's away."""

from collections.abc import Callable
from functools import wraps
from typing import Any
from urllib.parse import urlencode

from django import forms
from django.conf import settings
from django.contrib import admin
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.safestring import mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_protect
from django_otp import login as vouch
from django_otp.plugins.otp_static.models import StaticDevice
from django_otp.plugins.otp_totp.models import TOTPDevice

from ossnet_site import lockout, second_factor
from ossnet_site.door import Standing, standing

View = Callable[..., HttpResponse]
PENDING = "telephone_to_confirm"  # in the session: nobody goes on with a secret that another session has seen


class CodeForm(forms.Form):
    """A code, from the telephone or from the paper."""

    code = forms.CharField(
        label=gettext_lazy("Code"),
        max_length=40,
        widget=forms.TextInput(
            attrs={"autocomplete": "one-time-code", "autocapitalize": "none", "spellcheck": "false", "autofocus": True}
        ),
    )

    def refuse(self) -> None:
        """The same words whatever is wrong with the code."""
        self.add_error(
            "code",
            _("This code is wrong or has been used already. Wait for the next one, then try again."),
        )


def halfway(view: View) -> View:
    """A page for whoever has given the password, though not yet a code."""

    @wraps(view)
    def page(request: HttpRequest) -> HttpResponse:
        if standing(request.user) is Standing.OUTSIDE:
            raise PermissionDenied
        return view(request)

    return never_cache(csrf_protect(page))


def verify(request: HttpRequest) -> HttpResponse:
    """The second step of a login."""
    user = staff(request)
    if standing(user) is Standing.INSIDE:
        return redirect(after(request))
    if not second_factor.is_set_up(user):
        return redirect(f"{reverse('admin:set-up')}?{urlencode({'next': after(request)})}")
    form = CodeForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        device = device_for(request, form)
        if device:
            let_in(request, device)
            return redirect(after(request))
    return page(request, "code.html", _("Second step"), form=form, next=after(request))


def set_up(request: HttpRequest) -> HttpResponse:
    """Show a secret to a telephone and have it prove that it has it; an earlier telephone then ends."""
    if not settings.STAFF_SECOND_FACTOR:
        raise Http404
    user = staff(request)
    inside, has_one = standing(user) is Standing.INSIDE, second_factor.is_set_up(user)
    if has_one and not inside:
        return redirect("admin:verify")
    form = CodeForm(request.POST or None)
    device = TOTPDevice.objects.filter(user=user, confirmed=False, pk=request.session.get(PENDING)).first()
    if request.method == "POST" and "begin" in request.POST:
        # Whoever finds a desk unattended must not put their own telephone in the place of ours.
        if not has_one or (form.is_valid() and device_for(request, form)):
            request.session[PENDING] = second_factor.begin(user).pk
            return redirect(request.get_full_path())
    elif request.method == "POST" and device and form.is_valid() and confirmed(request, device, form):
        return show_codes(request, user)
    context = {"device": device, "has_one": has_one, "form": form, "next": after(request)}
    if device:
        context |= {"secret": second_factor.secret(device), "picture": picture(device)}
    return page(request, "set_up.html", _("Second factor: set-up"), **context)


def confirmed(request: HttpRequest, device: Any, form: CodeForm) -> bool:
    """Whether the new telephone showed the right code, and so lets its owner in."""
    user, inside = staff(request), standing(request.user) is Standing.INSIDE
    if lockout.is_locked(request, user):
        return False
    if not second_factor.confirm(user, device, form.cleaned_data["code"], replace=inside):
        lockout.count_failure(request, user)
        form.refuse()
        return False
    del request.session[PENDING]
    let_in(request, device)
    return True


def recovery_codes(request: HttpRequest) -> HttpResponse:
    """How many are left; new ones for a code."""
    if not settings.STAFF_SECOND_FACTOR:
        raise Http404
    user = staff(request)
    form = CodeForm(request.POST or None)
    if request.method == "POST" and form.is_valid() and device_for(request, form):
        return show_codes(request, user)
    left = second_factor.recovery_codes_left(user)
    return page(request, "recovery_codes.html", _("Recovery codes"), form=form, left=left)


def show_codes(request: HttpRequest, user: User) -> HttpResponse:
    """New recovery codes, in the answer to the form that asked for them and never again."""
    codes = second_factor.new_recovery_codes(user)
    if isinstance(getattr(user, "otp_device", None), StaticDevice):
        vouch(request, StaticDevice.objects.get(user=user))  # this session goes on
    return page(request, "codes.html", _("Your recovery codes"), codes=codes, next=after(request))


def reset_colleague(model_admin: Any, request: HttpRequest, pk: int) -> HttpResponse:
    """Take an account's second factor away, as its telephone is lost; a superuser does, and it is logged."""
    if not staff(request).is_superuser:
        raise PermissionDenied
    colleague = get_object_or_404(User, pk=pk)
    if colleague == staff(request):
        raise PermissionDenied  # whoever finds a desk unattended must not get rid of its owner's telephone
    form = CodeForm(request.POST or None) if settings.STAFF_SECOND_FACTOR else None
    if request.method == "POST" and (form is None or (form.is_valid() and device_for(request, form))):
        done = _("The second factor was reset.") if second_factor.reset(colleague) else _("There was none to reset.")
        model_admin.log_change(request, colleague, done)
        model_admin.message_user(request, done)
        return redirect("admin:auth_user_change", pk)
    return page(
        request, "reset.html", _("Reset the second factor"), colleague=colleague, form=form, opts=model_admin.opts
    )


def device_for(request: HttpRequest, form: CodeForm) -> Any:
    """The device that vouches for the form's code; without one the failure is counted and the form says so."""
    user = staff(request)
    if lockout.is_locked(request, user):
        return None
    if second_factor.rests(user, form.cleaned_data["code"]):
        form.refuse()  # no failure of whoever sent it: somebody else may have made the telephone rest
        return None
    device = second_factor.verify(user, form.cleaned_data["code"])
    if device is None:
        lockout.count_failure(request, user)
        form.refuse()
    return device


def let_in(request: HttpRequest, device: Any) -> None:
    """From here on the session is inside, under a key that nobody knew before."""
    vouch(request, device)
    request.session.cycle_key()
    lockout.forget_failures(request, staff(request))


def after(request: HttpRequest) -> str:
    """The page that was wanted, if it is one of ours."""
    address = request.POST.get("next") or request.GET.get("next") or ""
    ours = url_has_allowed_host_and_scheme(address, {request.get_host()}, require_https=request.is_secure())
    return address if ours else reverse("admin:index")


def picture(device: Any) -> str:
    """The secret as a QR code, drawn without a style, which the Content-Security-Policy would refuse."""
    import segno  # takes half a megabyte, and nobody but staff needs it

    drawn: str = segno.make(device.config_url, micro=False).svg_inline(
        border=4, dark="#000", light="#fff", title=_("QR code"), svgclass="qr-code", lineclass=None, omitsize=True
    )
    return mark_safe(drawn.replace("<svg", '<svg role="img"', 1))  # noqa: S308 - segno escapes the only text in it


def page(request: HttpRequest, template: str, title: str, **context: object) -> HttpResponse:
    """A page of staff."""
    context = {**admin.site.each_context(request), "title": title, **context}
    return TemplateResponse(request, f"admin/second_factor/{template}", context)


def staff(request: HttpRequest) -> User:
    """The person who has given the password; the door has seen to it that there is one."""
    assert isinstance(request.user, User)  # noqa: S101
    return request.user
