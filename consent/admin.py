"""Staff pages: the registry, and the evidence for reading only."""

from cookie_consent.models import Cookie, CookieGroup
from django.contrib import admin
from django.db.models import Model
from django.http import HttpRequest

from consent.models import CategoryText, ConsentRecord, CookieDeclaration, Disclosure

# django-cookie-consent's own pages would let a cookie be declared without purpose, provider and duration.
admin.site.unregister(Cookie)
admin.site.unregister(CookieGroup)


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


@admin.register(CookieGroup)
class CategoryAdmin(admin.ModelAdmin):
    """The texts of a category; the categories themselves belong to the code that guards them."""

    list_display = ("varname", "text")
    list_select_related = ("text",)
    fields = ("varname",)
    readonly_fields = ("varname",)
    inlines = (CategoryTextInline,)

    def has_add_permission(self, request: HttpRequest) -> bool:
        """A category without a service behind it would ask for nothing."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Records name categories for years."""
        return False


@admin.register(Cookie)
class CookieAdmin(admin.ModelAdmin):
    """The cookie declaration."""

    list_display = ("name", "cookiegroup", "declaration")
    list_select_related = ("cookiegroup", "declaration")
    list_filter = ("cookiegroup__varname",)
    fields = ("cookiegroup", "name", "domain")
    inlines = (CookieDeclarationInline,)


class EvidenceAdmin(admin.ModelAdmin):
    """Evidence can be looked at; nothing can be added, changed or deleted."""

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
    """The decisions, the newest first."""

    list_display = ("id", "decided_at", "event", "control", "language")
    list_filter = ("event", "control", "language")


@admin.register(Disclosure)
class DisclosureAdmin(EvidenceAdmin):
    """What was shown."""

    list_display = ("__str__", "created_at")
