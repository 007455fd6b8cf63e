"""Staff pages of the policy: drafts are written here; what they lead to is in ``privacy.staff_pages``."""

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.contrib import admin
from django.db import transaction
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from privacy import staff_pages
from privacy.comparison import Comparison, compare
from privacy.editing import new_draft, save_draft
from privacy.forms import DraftForm, NewDraftForm
from privacy.models import PolicyText, PolicyVersion, State
from privacy.rendering import known_fields, titled
from privacy.views import as_number

FACTS = ("number", "standing", "effective_at", "is_material", "published_at", "published_by", "cancelled_at")


@admin.register(PolicyVersion)
class PolicyVersionAdmin(admin.ModelAdmin):
    """Versions: a draft can be written, a published one only be read."""

    form = DraftForm
    list_display = ("number", "standing", "effective_at", "is_material", "published_by", "edited_by")
    list_select_related = ("published_by", "edited_by")
    change_form_template = "admin/privacy/change_draft.html"
    object_history_template = "admin/privacy/history.html"

    def get_queryset(self, request: HttpRequest) -> QuerySet[PolicyVersion]:
        """Each version knows which one is in force, so that the list asks no query a row."""
        return PolicyVersion.objects.with_newest().prefetch_related("texts")

    @admin.display(description=gettext_lazy("state"))
    def standing(self, version: PolicyVersion) -> str:
        """The state now."""
        return str(version.state().label)

    def view_on_site(self, obj: PolicyVersion) -> str | None:
        """The permanent address, where visitors can read the version."""
        visible = obj.state() in {State.SCHEDULED, State.IN_FORCE, State.SUPERSEDED}
        return obj.get_absolute_url() if visible else None

    def get_fieldsets(self, request: HttpRequest, obj: PolicyVersion | None = None) -> Any:
        """The words of a draft for its editors; nothing but facts for everybody else."""
        if obj is None or not self.has_change_permission(request, obj):
            return [(None, {"fields": FACTS})]
        return [
            (gettext_lazy("Latvian: the text that counts"), {"fields": ("title_lv", "body_lv")}),
            (gettext_lazy("English: a translation, optional"), {"fields": ("title_en", "body_en", "opened_revision")}),
        ]

    def get_readonly_fields(self, request: HttpRequest, obj: PolicyVersion | None = None) -> Any:
        """All facts: dates and the mark are the publisher's."""
        return () if obj and self.has_change_permission(request, obj) else FACTS

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Only a draft can change. What is sent in for one that was published meanwhile gets the form's own answer."""
        published = isinstance(obj, PolicyVersion) and obj.is_published
        return super().has_change_permission(request, obj) and (not published or request.method == "POST")

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """A draft may be thrown away, one by one; a published version never."""
        draft = isinstance(obj, PolicyVersion) and not obj.is_published
        return super().has_delete_permission(request, obj) and draft

    def get_urls(self) -> list[URLPattern]:
        """The pages of ``privacy.staff_pages`` beside Django's own."""
        pages: list[tuple[str, Callable[..., HttpResponse], str]] = [
            ("<int:pk>/preview/<str:language>/", staff_pages.preview, "preview"),
            ("<int:pk>/compare/", staff_pages.compare_versions, "compare"),
            ("<int:pk>/saves/<int:save>/", staff_pages.show_save, "save"),
            ("<int:pk>/publish/", staff_pages.publish_draft, "publish"),
            ("<int:pk>/call-back/", staff_pages.call_back, "call-back"),
        ]
        own = [path(route, self._page(view), name=f"privacy_policyversion_{name}") for route, view, name in pages]
        return own + super().get_urls()

    def _page(self, view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
        def page(request: HttpRequest, **kwargs: Any) -> HttpResponse:
            return view(self, request, **kwargs)

        wrapped: Callable[..., HttpResponse] = self.admin_site.admin_view(page)
        return wrapped

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """A new draft begins as a copy: of the version in force unless another one is chosen."""
        if not self.has_add_permission(request):
            return staff_pages.forbidden()
        versions = PolicyVersion.objects.filter(texts__isnull=False).distinct()
        form = NewDraftForm(versions, request.POST or None, initial={"source": PolicyVersion.objects.in_force()})
        if request.method == "POST" and form.is_valid():
            source = form.cleaned_data["source"]
            words = _("New draft from version %(number)s.") % {"number": source.number}
            with transaction.atomic():
                draft = new_draft(source, staff_pages.staff(request))
                self.log_addition(request, draft, words)
            self.message_user(request, words)
            return redirect(reverse("admin:privacy_policyversion_change", args=[draft.pk]))
        return staff_pages.page(self, request, "new_draft.html", _("New draft"), form=form)

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """The form with the merge fields offered, and what the checks find in the saved text."""
        response = super().changeform_view(request, object_id, form_url, extra_context)
        if isinstance(response, TemplateResponse) and (context := response.context_data):
            version = context["original"]
            context |= staff_pages.findings(version) | staff_pages.possible(self, request, version)
            context |= {"merge_fields": known_fields(), "in_conflict": conflict(context["adminform"].form)}
            response.csp_sources = staff_pages.editor_sources(context["media"])  # type: ignore[attr-defined]
        return response

    def save_model(self, request: HttpRequest, obj: PolicyVersion, form: Any, change: bool) -> None:
        """The words of the draft go the one way in; the form has looked whether it is still the same draft."""
        save_draft(obj, form.words(), form.cleaned_data["opened_revision"], staff_pages.staff(request))

    def history_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Who did what and when, and every save of the draft."""
        saves = PolicyText.history.filter(version_id=as_number(object_id))
        context = {"saves": saves.select_related("history_user").defer("body"), **(extra_context or {})}
        return super().history_view(request, object_id, context)


def conflict(form: Any) -> list[tuple[str, Comparison]]:
    """What differs between what somebody else saved meanwhile and what was sent in, by language."""
    theirs: dict[str, PolicyText | None] = getattr(form, "theirs", {})
    names = dict(settings.LANGUAGES)
    found = []
    for language, text in theirs.items():
        title, body = (form.data.get(f"{part}_{language}", "") for part in ("title", "body"))
        if text or title or body:
            found.append((names[language], compare(titled(text.title, text.body) if text else "", titled(title, body))))
    return found
