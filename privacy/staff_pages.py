"""What staff do with a version besides writing it: preview, compare, restore, publish, call back.

Each page is a function of the model's admin, the request and what its address names.
"""

from __future__ import annotations

import base64
import hashlib
import re
from typing import Any, NoReturn

from django.conf import settings
from django.contrib.admin import ModelAdmin
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import override

from privacy import completeness, current, text_checks
from privacy.comparison import Comparison, compare
from privacy.editing import DraftHasMovedOn, Words, save_draft
from privacy.forms import PublishForm
from privacy.models import AUTHORITATIVE_LANGUAGE, PolicyText, PolicyVersion, State
from privacy.publishing import Publication, cancel, obstacles, publish, too_late
from privacy.rendering import known_fields, titled, with_title
from privacy.views import as_number, policy_page

# What the rich-text editor puts into the page's head; its text is that of the pinned package, and a browser test
# fails when an upgrade changes it.
EDITOR_STYLE = "'sha256-PlumsSlvJ7vvWzjqibGAYKq92O3y/4JTxWWsWJvyUYA='"
IMPORT_MAP = re.compile(r'<script type="importmap"[^>]*>(.*?)</script>', re.DOTALL)


def preview(admin: ModelAdmin[PolicyVersion], request: HttpRequest, pk: int, language: str) -> HttpResponse:
    """The version on the real page as visitors would see it; ``admin_view`` has it never kept."""
    version = version_for(admin, request, pk)
    names = dict(settings.LANGUAGES)
    if language not in names or AUTHORITATIVE_LANGUAGE not in {text.language for text in version.texts.all()}:
        raise Http404
    with override(language):
        (other,) = set(names) - {language}
        address = reverse("admin:privacy_policyversion_preview", args=[pk, other])
        other_language = {"code": other, "name": names[other], "address": address}
        state = version.state()
        response = policy_page(request, version.text_for(language), state, other_language=other_language)
    response.headers["Content-Language"] = language
    response.headers["X-Robots-Tag"] = "noindex"
    return response


def compare_versions(admin: ModelAdmin[PolicyVersion], request: HttpRequest, pk: int) -> HttpResponse:
    """The version against any other; without a choice against the one in force, or the first one's follower."""
    version = version_for(admin, request, pk)
    others = PolicyVersion.objects.with_newest().exclude(pk=pk)
    chosen = request.GET.get("with", "")
    if chosen:
        other = others.filter(number=as_number(chosen) or 0).first()
        if other is None and chosen != str(version.number):
            raise Http404
    else:
        in_force = PolicyVersion.objects.in_force()
        other = in_force if in_force != version else others.first()
    context = {"others": others, "other": other, "compared": compare_texts(other, version) if other else []}
    return page(admin, request, "compare.html", _("Compare"), version=version, **context)


def show_save(admin: ModelAdmin[PolicyVersion], request: HttpRequest, pk: int, save: int) -> HttpResponse:
    """An earlier save against the text of now; a POST makes it the text of now again."""
    version = version_for(admin, request, pk)
    entry = PolicyText.history.filter(version_id=pk, history_id=save).select_related("history_user").first()
    if entry is None:
        raise Http404
    if request.method == "POST":
        return restore(admin, request, version, entry)
    text = version.texts.filter(language=entry.language).first()
    comparison = compare(titled(entry.title, entry.body), titled(text.title, text.body) if text else "")
    context = {"save": entry, "text": entry, "comparison": comparison, **possible(admin, request, version)}
    return page(admin, request, "save.html", _("Earlier save"), **context)


def restore(admin: ModelAdmin[PolicyVersion], request: HttpRequest, version: PolicyVersion, entry: Any) -> HttpResponse:
    """Put an earlier save in the place of the text of now, which stays in the history."""
    if version.is_published or not admin.has_change_permission(request, version):
        forbidden()
    words = {entry.language: Words(entry.title, entry.body)}
    done = _("Restored the save of %(moment)s.") % {"moment": entry.history_date.strftime("%d.%m.%Y. %H:%M")}
    try:
        with transaction.atomic():
            save_draft(version, words, as_number(request.POST.get("revision")) or 0, staff(request))
            admin.log_change(request, version, done)
    except DraftHasMovedOn:
        admin.message_user(
            request, _("The draft was saved by somebody else meanwhile: look at it again."), level="ERROR"
        )
        return redirect(request.path)
    admin.message_user(request, done)
    for problem in text_checks.problems(entry.body, known_fields()):  # what was right then need not be so now
        admin.message_user(request, problem, level="WARNING")
    return redirect(reverse("admin:privacy_policyversion_change", args=[version.pk]))


def publish_draft(admin: ModelAdmin[PolicyVersion], request: HttpRequest, pk: int) -> HttpResponse:
    """Everything a publisher must know, and the decision."""
    version = version_for(admin, request, pk)
    if not request.user.has_perm("privacy.publish"):
        forbidden()
    if version.is_published:
        admin.message_user(request, _("This version is published already."), level="ERROR")
        return redirect(reverse("admin:privacy_policyversion_change", args=[pk]))
    form = PublishForm(request.POST or None, draft=version)
    if request.method == "POST" and form.is_valid():
        try:
            with transaction.atomic():
                version = publish(version, form.publication(), staff(request))
                done = say_published(version)
                admin.log_change(request, version, done)
        except ValidationError as error:
            form.add_error(None, error)
        else:
            current.forget()
            admin.message_user(request, done)
            return redirect(reverse("admin:privacy_policyversion_change", args=[pk]))
    in_force = PolicyVersion.objects.in_force()
    context = {
        "form": form,
        "other": in_force,
        "compared": compare_texts(in_force, version) if in_force else [],
        "obstacles": [] if form.is_bound else draft_obstacles(version, staff(request)),
        **findings(version),
    }
    return page(admin, request, "publish.html", _("Publish"), version=version, **context)


def say_published(version: PolicyVersion) -> str:
    """What the log and the publisher are told."""
    scheduled = version.state() is State.SCHEDULED
    done = _("Scheduled version %(number)s.") if scheduled else _("Put version %(number)s in force.")
    return done % {"number": version.number}


def call_back(admin: ModelAdmin[PolicyVersion], request: HttpRequest, pk: int) -> HttpResponse:
    """Cancel a scheduled version, after a question."""
    version = version_for(admin, request, pk)
    if not request.user.has_perm("privacy.publish"):
        forbidden()
    if request.method != "POST":
        if version.state() is State.SCHEDULED:
            return page(admin, request, "call_back.html", _("Call back"), version=version)
        admin.message_user(request, too_late(), level="ERROR")
        return redirect(reverse("admin:privacy_policyversion_change", args=[pk]))
    done = _("Called back version %(number)s.") % {"number": version.number}
    try:
        with transaction.atomic():
            cancel(version)
            admin.log_change(request, version, done)
    except ValidationError as error:
        admin.message_user(request, " ".join(error.messages), level="ERROR")
    else:
        current.forget()
        admin.message_user(request, done)
    return redirect(reverse("admin:privacy_policyversion_change", args=[pk]))


def page(
    admin: ModelAdmin[PolicyVersion], request: HttpRequest, template: str, title: str, **context: Any
) -> TemplateResponse:
    """A page in the frame of the staff pages."""
    frame = {**admin.admin_site.each_context(request), "opts": admin.opts, "title": title, "media": admin.media}
    return TemplateResponse(request, f"admin/privacy/{template}", {**frame, **context})


def version_for(admin: ModelAdmin[PolicyVersion], request: HttpRequest, pk: int) -> PolicyVersion:
    """The version, its texts loaded. Raises Http404, and PermissionDenied for those who may not see versions."""
    if not admin.has_view_permission(request):
        forbidden()
    version: PolicyVersion | None = admin.get_queryset(request).filter(pk=pk).first()
    if version is None:
        raise Http404
    return version


def possible(admin: ModelAdmin[PolicyVersion], request: HttpRequest, version: PolicyVersion) -> dict[str, Any]:
    """What this person may do with the version now."""
    may_publish = request.user.has_perm("privacy.publish")
    state = version.state()
    return {
        "version": version,
        "state": state,
        "can_edit": not version.is_published and admin.has_change_permission(request, version),
        "can_publish": may_publish and state is State.DRAFT,
        "can_call_back": may_publish and state is State.SCHEDULED,
        "languages": settings.LANGUAGES,
    }


def findings(version: PolicyVersion) -> dict[str, Any]:
    """What the completeness check says of the Latvian text as it is saved; nothing when there is none yet."""
    body = next((text.body for text in version.texts.all() if text.language == AUTHORITATIVE_LANGUAGE), None)
    if body is None:
        return {}
    return {
        "findings": completeness.check(body),
        "missing_sections": completeness.missing_sections(body),
        "blanks": completeness.blanks(body),
    }


def draft_obstacles(version: PolicyVersion, by: User) -> list[str]:
    """What stands in the way of publishing at once whatever the form will say."""
    said = Publication(None, is_material=False, summaries={language: "…" for language, _name in settings.LANGUAGES})
    return obstacles(version, said, by, timezone.now())


def compare_texts(old: PolicyVersion, new: PolicyVersion) -> list[tuple[PolicyText, Comparison]]:
    """What changed, for each language that either version has; the text is the one to name the language by."""
    before, after = ({text.language: text for text in version.texts.all()} for version in (old, new))
    return [
        (after.get(language) or before[language], compare(*map(shown, (before.get(language), after.get(language)))))
        for language, _name in settings.LANGUAGES
        if language in before or language in after
    ]


def shown(text: PolicyText | None) -> str:
    """Title and text as visitors see them; nothing for a text that is not there."""
    return with_title(text) if text else ""


def editor_sources(media: Any) -> dict[str, tuple[str, ...]]:
    """What the Content-Security-Policy must admit for the editor: its import map and its style, each by hash."""
    hashes = [hashlib.sha256(text.encode()).digest() for text in IMPORT_MAP.findall(str(media))]
    scripts = tuple(f"'sha256-{base64.b64encode(digest).decode()}'" for digest in hashes)
    return {"script-src": scripts, "style-src": (EDITOR_STYLE,) if scripts else ()}


def staff(request: HttpRequest) -> User:
    """The person who is logged in; ``admin_view`` has seen to it that there is one."""
    assert isinstance(request.user, User)  # noqa: S101
    return request.user


def forbidden() -> NoReturn:
    """Raises PermissionDenied."""
    raise PermissionDenied
