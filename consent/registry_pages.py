"""What staff are told before the registry changes: whether visitors are asked again, and how many grants that ends."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from django import forms
from django.conf import settings
from django.contrib.admin import ModelAdmin
from django.contrib.auth.models import User
from django.contrib.messages.storage import default_storage
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
from consent.services import ALL_SERVICES, CATEGORIES

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
        before, was_complete = registry.read_scopes(), is_complete()
        touched = category_behind(admin, request)
        response = save()
        if not isinstance(response, HttpResponseRedirect):  # not saved: the form explains why
            return response
        after = registry.read_scopes()
        changed = [category for category, scope in before.items() if after.get(category) != scope]
        touched = changed or touched
        breaks = was_complete and not is_complete()
        # What somebody else changed since the question was asked changes the answer.
        agreed = request.POST.get("seen") == fingerprint(before) and not breaks
        if agreed and (said == ASK_AGAIN or (said == WORDING and not changed)):
            if said == ASK_AGAIN:
                reason = _("Changed on the page %(page)s") % {"page": request.path}
                end(touched, before, reason, request)
            disclosures.forget()
            return response
        transaction.set_rollback(True)
    forget_messages(request)
    return consequence_page(
        admin, request, touched, must_ask_again=bool(changed), breaks=breaks, seen=fingerprint(before)
    )


def consequence_page(admin: ModelAdmin[Any], request: HttpRequest, touched: list[str], **facts: object) -> HttpResponse:
    """The question, with everything that was sent in."""
    resent = set(request.POST) - {"csrfmiddlewaretoken", "consequence", "seen"}
    context = {
        **admin.admin_site.each_context(request),
        "opts": admin.opts,
        "title": _("What follows from this change"),
        "sent": [(name, value) for name, values in request.POST.lists() for value in values if name in resent],
        "touched": touched,
        "names": names_of(touched),
        "grants": sum(standing_grants(category) for category in touched),
        **facts,
    }
    return TemplateResponse(request, "admin/consent/consequence.html", context)


def forget_messages(request: HttpRequest) -> None:
    """Drop what was queued for the reader: it tells of what was taken back."""
    request._messages = default_storage(request)  # type: ignore[attr-defined]


def fingerprint(scopes: Mapping[str, str]) -> str:
    """Tells whether the registry is the one that the question was asked about."""
    return " ".join(f"{category}:{scope}" for category, scope in sorted(scopes.items()))


def category_behind(admin: ModelAdmin[Any], request: HttpRequest) -> list[str]:
    """The optional category that the page in the address belongs to; none for the necessary one."""
    match = request.resolver_match
    row = admin.get_object(request, match.kwargs.get("object_id", "")) if match else None
    group = getattr(row, "cookiegroup", None) or getattr(row, "group", None) or row
    slug = getattr(group, "varname", "")
    return [slug] if slug in CATEGORIES else []


def is_complete() -> bool:
    """Whether everything can be asked for that there is."""
    try:
        registry.read(settings.LANGUAGE_CODE, ALL_SERVICES)
    except registry.RegistryIncomplete:
        return False
    return True


def names_of(categories: list[str]) -> str:
    """The categories by the names that staff gave them."""
    texts = CategoryText.objects.filter(group__varname__in=categories)
    return ", ".join(texts.values_list("name_lv", flat=True)) or ", ".join(categories)


def standing_grants(category: str) -> int:
    """How many visitors allow the category at present."""
    # For want of a declaration the scope may differ from the one in the records: then every grant counts.
    return ended_grants(category, registry.read_scopes().get(category, "") if is_complete() else "")


def ended_grants(category: str, scope: str) -> int:
    """How many visitors allow the category in ``scope``: their latest record does, and that answer is still valid.

    An empty ``scope`` stands for any.
    """
    now = timezone.now()
    later = ConsentRecord.objects.filter(subject_id=OuterRef("subject_id"), decided_at__gt=OuterRef("decided_at"))
    allowing: dict[str, object] = {f"grants__{category}": True, f"until__{category}__gt": now.isoformat()}
    if scope:
        allowing[f"scopes__{category}"] = scope
    return ConsentRecord.objects.filter(~Exists(later), valid_until__gt=now, **allowing).count()


def raise_epoch(categories: list[str]) -> None:
    """End every grant of ``categories``."""
    CategoryText.objects.filter(group__varname__in=categories).update(epoch=F("epoch") + 1)


def end(categories: list[str], before: Mapping[str, str], reason: str, request: HttpRequest) -> None:
    """End every grant of ``categories``, and keep what was ended, why and by whom.

    Also where the scope changed already: should that be taken back one day, nobody's grant comes back with it.
    """
    assert isinstance(request.user, User)  # noqa: S101 - admin_view has seen to it
    raise_epoch(categories)
    after = registry.read_scopes()
    for category in categories:
        GrantsEnded.objects.create(
            category=category,
            reason=reason,
            ended_by=request.user,
            grants=ended_grants(category, before.get(category, "")),
            scope_before=before.get(category, ""),
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
    if category is None or category.varname not in CATEGORIES:
        raise Http404
    if not admin.has_change_permission(request, category):
        raise PermissionDenied
    form = EndGrantsForm(request.POST or None)
    before = registry.read_scopes()
    if request.method == "POST" and form.is_valid():
        done = _("Ended all grants of the category %(category)s.") % {"category": category.varname}
        with transaction.atomic():
            end([category.varname], before, form.cleaned_data["reason"], request)
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
        "grants": standing_grants(category.varname),
        "names": names_of([category.varname]),
    }
    return TemplateResponse(request, "admin/consent/end_grants.html", context)
