"""What staff are told before the registry changes: whether visitors are asked again, and how many grants that ends."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.admin import ModelAdmin
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Exists, F, OuterRef
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from consent import disclosures, registry
from consent.models import Category, CategoryText, ConsentRecord, GrantsEnded
from consent.services import ALL_SERVICES, NECESSARY

WORDING, ASK_AGAIN = "wording", "ask-again"


def with_consequence(admin: ModelAdmin[Any], request: HttpRequest, save: Callable[[], HttpResponse]) -> HttpResponse:
    """Do what was sent in, look what it means, and take it back unless the sender has said that it shall be so.

    A change of a service, cookie, provider or recipient ends the category's grants whatever is said; whether another
    text says the same in better words or something else, only its author knows (EDPB guidelines 05/2020, 110).
    """
    if request.method != "POST":
        return save()
    said = request.POST.get("consequence")
    with transaction.atomic():
        before = scopes()
        response = save()
        if not isinstance(response, HttpResponseRedirect):  # not saved: the form explains why
            return response
        changed = [category for category, scope in before.items() if scopes().get(category) != scope]
        touched = changed or request.POST.getlist("touched")
        if said == ASK_AGAIN and not changed:
            raise_epoch(touched)
        if said == ASK_AGAIN or (said == WORDING and not changed):
            reason = _("Changed on the page %(page)s") % {"page": request.path}
            note_endings(before, touched if said == ASK_AGAIN else [], reason, request)
            disclosures.forget()
            return response
        transaction.set_rollback(True)
    list(messages.get_messages(request))  # they tell of what was taken back
    return consequence_page(admin, request, before, changed)


def consequence_page(
    admin: ModelAdmin[Any], request: HttpRequest, before: Mapping[str, str], changed: list[str]
) -> HttpResponse:
    """The question, with everything that was sent in."""
    touched = changed or category_behind(admin, request)
    context = {
        **admin.admin_site.each_context(request),
        "opts": admin.opts,
        "title": _("What follows from this change"),
        "sent": [(name, value) for name, values in request.POST.lists() for value in values if name in kept(request)],
        "touched": touched,
        "must_ask_again": bool(changed),
        "grants": sum(standing_grants(category, before[category]) for category in touched),
    }
    return TemplateResponse(request, "admin/consent/consequence.html", context)


def kept(request: HttpRequest) -> set[str]:
    """The fields to send in once more."""
    return set(request.POST) - {"csrfmiddlewaretoken", "consequence", "touched"}


def category_behind(admin: ModelAdmin[Any], request: HttpRequest) -> list[str]:
    """The optional category that the page in the address belongs to; none for the necessary one."""
    match = request.resolver_match
    row = admin.get_object(request, match.kwargs.get("object_id", "")) if match else None
    group = getattr(row, "cookiegroup", None) or getattr(row, "group", None) or row
    slug = getattr(group, "varname", "")
    return [slug] if slug in scopes() else []


def scopes() -> dict[str, str]:
    """The scope of every optional category now, offered or not; empty while the registry is incomplete."""
    try:
        found = registry.read_scopes(ALL_SERVICES)
    except registry.RegistryIncomplete:
        return {}
    del found[NECESSARY]
    return found


def standing_grants(category: str, scope: str) -> int:
    """How many visitors allow the category at present: their latest record does, and is still valid."""
    later = ConsentRecord.objects.filter(previous=OuterRef("pk"))
    allowing = {f"grants__{category}": True, f"scopes__{category}": scope}
    return ConsentRecord.objects.filter(~Exists(later), valid_until__gt=timezone.now(), **allowing).count()


def raise_epoch(categories: list[str]) -> None:
    """End every grant of ``categories``."""
    CategoryText.objects.filter(group__varname__in=categories).update(epoch=F("epoch") + 1)


def note_endings(before: Mapping[str, str], ended: list[str], reason: str, request: HttpRequest) -> None:
    """Keep what was ended, why and by whom."""
    assert isinstance(request.user, User)  # noqa: S101 - admin_view has seen to it
    after = scopes()
    for category in ended:
        GrantsEnded.objects.create(
            category=category,
            reason=reason,
            ended_by=request.user,
            grants=standing_grants(category, before[category]),
            scope_before=before[category],
            scope_after=after.get(category, ""),
        )


class EndGrantsForm(forms.Form):
    """Why all grants of a category end."""

    reason = forms.CharField(
        label=gettext_lazy("Reason"),
        max_length=1000,
        widget=forms.Textarea(attrs={"rows": 4, "cols": 60}),
        help_text=gettext_lazy("Kept with your name. Visitors do not see it."),
    )


def end_grants(admin: ModelAdmin[Any], request: HttpRequest, pk: int) -> HttpResponse:
    """End all grants of a category on purpose: everybody who allowed it is asked again."""
    category = Category.objects.filter(pk=pk).first()
    if category is None or category.varname not in scopes():
        raise Http404
    if not admin.has_change_permission(request, category):
        raise PermissionDenied
    form = EndGrantsForm(request.POST or None)
    before = scopes()
    if request.method == "POST" and form.is_valid():
        done = _("Ended all grants of the category %(category)s.") % {"category": category.varname}
        with transaction.atomic():
            raise_epoch([category.varname])
            note_endings(before, [category.varname], form.cleaned_data["reason"], request)
            admin.log_change(request, category, done)
        disclosures.forget()
        admin.message_user(request, done)
        return redirect(reverse("admin:consent_category_change", args=[pk]))
    context = {
        **admin.admin_site.each_context(request),
        "opts": admin.opts,
        "title": _("End all grants"),
        "form": form,
        "category": category,
        "grants": standing_grants(category.varname, before[category.varname]),
    }
    return TemplateResponse(request, "admin/consent/end_grants.html", context)
