"""Staff pages: the registry, each change with what follows from it, and the evidence for reading only."""

from collections.abc import Callable
from typing import Any

from cookie_consent.models import Cookie, CookieGroup
from django.contrib import admin
from django.contrib.admin.views.main import ERROR_FLAG, PAGE_VAR
from django.db.models import Model, QuerySet
from django.forms import ModelForm
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _

from consent import evidence_pages, registry_pages, statistics_pages
from consent.filters import GrantedCategory, InCategory, InLanguage
from consent.models import (
    Category,
    CategoryText,
    ConsentRecord,
    CookieDeclaration,
    CspReport,
    DailySummary,
    DeclaredCookie,
    Disclosure,
    GrantsEnded,
    Purge,
    ServiceText,
)
from consent.paging import NearbyPaginator
from consent.services import is_declared_host

# django-cookie-consent's own pages would let a cookie be declared without purpose, provider and duration.
admin.site.unregister(Cookie)
admin.site.unregister(CookieGroup)


class OwnPages(admin.ModelAdmin):
    """A model with pages beside Django's own: ``pages`` lists route, function and name."""

    pages: tuple[tuple[str, Callable[..., HttpResponseBase], str], ...] = ()

    def get_urls(self) -> list[URLPattern]:
        """Ours first, as Django's last one takes whatever is left."""
        label = f"{self.opts.app_label}_{self.opts.model_name}"
        own = [path(route, self._page(view), name=f"{label}_{name}") for route, view, name in self.pages]
        return own + super().get_urls()

    def _page(self, view: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
        def page(request: HttpRequest, **kwargs: Any) -> HttpResponseBase:
            return view(self, request, **kwargs)

        wrapped: Callable[..., HttpResponseBase] = self.admin_site.admin_view(page)
        return wrapped


class RegistryAdmin(OwnPages):
    """Saving and deleting first say whether visitors are asked again, and how many grants that ends."""

    actions = None

    def changeform_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """The form; what is sent in is kept only once its consequence has been chosen."""
        return registry_pages.with_consequence(
            self, request, lambda: super(OwnPages, self).changeform_view(request, *args, **kwargs)
        )

    def delete_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """The same for a deletion."""
        return registry_pages.with_consequence(
            self, request, lambda: super(OwnPages, self).delete_view(request, *args, **kwargs)
        )


class CategoryTextInline(admin.StackedInline):
    """Every category has its texts."""

    model = CategoryText
    min_num = 1
    can_delete = False


class CookieDeclarationInline(admin.StackedInline):
    """Every cookie has its declaration."""

    model = CookieDeclaration
    min_num = 1
    can_delete = False

    def get_formset(self, request: HttpRequest, obj: Any = None, **kwargs: Any) -> Any:
        """Count the forms that come in, not those that the page had."""
        return super().get_formset(request, obj, validate_min=True, **kwargs)


@admin.register(Category)
class CategoryAdmin(RegistryAdmin):
    """The texts of a category; the categories themselves belong to the code that guards them."""

    list_display = ("category", "text")
    list_select_related = ("text",)
    fields = ("category",)
    readonly_fields = ("category",)
    inlines = (CategoryTextInline,)
    change_form_template = "admin/consent/category.html"
    pages = (("<int:pk>/end-grants/", registry_pages.end_grants, "end-grants"),)

    @admin.display(description=_("category"), ordering="varname")
    def category(self, category: Category) -> str:
        """The name that code and records know it by."""
        return category.varname

    def has_add_permission(self, request: HttpRequest) -> bool:
        """A category without a service behind it would ask for nothing."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Records name categories for years."""
        return False


@admin.register(ServiceText)
class ServiceTextAdmin(RegistryAdmin):
    """What visitors read of a service; the services themselves belong to the code that starts them."""

    list_display = ("service", "provider")
    fields = ("provider", "description_lv", "description_en", "privacy_url")

    def has_add_permission(self, request: HttpRequest) -> bool:
        """A service needs a loader and a policy for the browser."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Without its text a service cannot be asked for."""
        return False


class DeclaredCookieForm(ModelForm):
    """django-cookie-consent names its fields in English only."""

    class Meta:
        model = DeclaredCookie
        fields = ("cookiegroup", "name", "domain")
        labels = {"cookiegroup": _("category"), "name": _("name or pattern"), "domain": _("domain")}


@admin.register(DeclaredCookie)
class DeclaredCookieAdmin(RegistryAdmin):
    """The cookie declaration."""

    list_display = ("name", "cookiegroup", "declaration")
    list_select_related = ("cookiegroup", "declaration")
    list_filter = (("cookiegroup__varname", InCategory),)
    form = DeclaredCookieForm
    inlines = (CookieDeclarationInline,)


class EvidenceAdmin(OwnPages):
    """Evidence can be looked at; nothing can be added, changed or deleted."""

    actions = None

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """The list; a filter that no database understands leads back to all of it, as Django does with others."""
        try:
            return super().changelist_view(request, extra_context)
        except (ValueError, OverflowError):
            return redirect(f"{request.path}?{ERROR_FLAG}=1")

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Only a decision adds evidence."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Never edited."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Never deleted by hand."""
        return False


@admin.register(ConsentRecord)
class ConsentRecordAdmin(EvidenceAdmin):
    """The decisions, the newest first; a page costs the same however many there are (docs/scale.md)."""

    list_display = ("number", "decided_at", "event", "control", "what_is_granted", "language")
    list_filter = ("event", "control", InLanguage, GrantedCategory, "decided_at")
    sortable_by = ("number", "decided_at")
    show_facets = admin.ShowFacets.NEVER
    search_fields = ("number",)
    search_help_text = _("Record number, or a date such as 31.12.2026")
    show_full_result_count = False
    change_list_template = "admin/consent/records.html"
    fields = (
        *("number", "decided_at", "valid_until", "event", "control", "what_is_granted", "what_is_refused", "asked"),
        *("what_was_shown", "policy", "policy_sha256", "language", "path", "gpc", "jurisdiction"),
        *("subject_id", "previous", "scopes", "schema_version", "id"),
    )
    pages = (("export/<str:form>/", evidence_pages.export, "export"),)

    def get_paginator(
        self, request: HttpRequest, queryset: QuerySet[Any], per_page: int, *args: Any, **kwargs: Any
    ) -> NearbyPaginator:
        """Counts around the page that is asked for."""
        return NearbyPaginator(queryset, per_page, request.GET.get(PAGE_VAR, ""))

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[ConsentRecord], search_term: str
    ) -> tuple[QuerySet[ConsentRecord], bool]:
        """By record number as people write it, or by day; anything else finds nothing."""
        return evidence_pages.found(queryset, search_term), False

    @admin.display(description=_("allowed"))
    def what_is_granted(self, record: ConsentRecord) -> str:
        """The allowed categories."""
        return ", ".join(record.granted) or "–"

    @admin.display(description=_("rejected"))
    def what_is_refused(self, record: ConsentRecord) -> str:
        """The others."""
        return ", ".join(record.refused) or "–"

    @admin.display(description=_("what was shown"))
    def what_was_shown(self, record: ConsentRecord) -> str:
        """A link to the page as the visitor saw it."""
        if record.disclosure_id is None:
            return "–"
        address = reverse("admin:consent_disclosure_shown", args=[record.disclosure_id])
        return format_html('<a href="{}">{}</a>', address, record.disclosure_id)

    @admin.display(description=_("policy version"))
    def policy(self, record: ConsentRecord) -> str:
        """A link to the version that was in force."""
        if record.policy_version is None:
            return "–"
        version = record.policy_version
        return format_html('<a href="{}">{}</a>', version.get_absolute_url(), version.number)


@admin.register(DailySummary)
class StatisticsAdmin(EvidenceAdmin):
    """What the decisions come to: a page of its own instead of the list, for those who may see the records."""

    fields = ("day", "decisions", "counted_at")

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """Charts and tables."""
        return statistics_pages.show(self, request)

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """No permission of its own."""
        return request.user.has_perm("consent.view_consentrecord")


@admin.register(Disclosure)
class DisclosureAdmin(EvidenceAdmin):
    """What was shown."""

    list_display = ("__str__", "created_at")
    change_form_template = "admin/consent/disclosure.html"
    pages = (("<str:sha256>/shown/", evidence_pages.show_disclosure, "shown"),)


@admin.register(GrantsEnded)
class GrantsEndedAdmin(EvidenceAdmin):
    """When visitors were asked again, and why."""

    list_display = ("category", "ended_at", "ended_by", "grants", "reason")


@admin.register(Purge)
class PurgeAdmin(EvidenceAdmin):
    """What was deleted when."""

    list_display = ("started_at", "finished_at", "cutoff", "records", "disclosures")


@admin.register(CspReport)
class CspReportAdmin(admin.ModelAdmin):
    """What browsers refused: whoever looks into it may clear it away."""

    list_display = ("blocked", "directive", "document", "count", "first_seen", "last_seen", "declared")
    list_filter = ("directive", "last_seen")

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Only browsers report."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """A report is what it is."""
        return False

    @admin.display(description=_("host of a service"), boolean=True)
    def declared(self, report: CspReport) -> bool:
        """Whether some service of ours may ask this host; otherwise something undeclared tried to run."""
        return is_declared_host(report.blocked)
