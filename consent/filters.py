"""What staff narrow lists down by."""

from typing import Any

from django.conf import settings
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from consent.models import ConsentRecord
from consent.services import CATEGORIES


class InCategory(admin.AllValuesFieldListFilter):
    """Cookies by category."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.title = _("category")


class GrantedCategory(admin.SimpleListFilter):
    """Records by what they allow."""

    title = _("granted category")
    parameter_name = "granted"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """Every category, also one that is not offered at present."""
        return [(category, category) for category in CATEGORIES]

    def queryset(self, request: HttpRequest, queryset: QuerySet[ConsentRecord]) -> QuerySet[ConsentRecord]:
        """The records that grant the chosen one."""
        return queryset.filter(**{f"grants__{self.value()}": True}) if self.value() in CATEGORIES else queryset


class InLanguage(admin.SimpleListFilter):
    """Records by language; Django's own filter would look through all of them for those that there are."""

    title = _("language")
    parameter_name = "language"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """The languages of the site."""
        return list(settings.LANGUAGES)

    def queryset(self, request: HttpRequest, queryset: QuerySet[ConsentRecord]) -> QuerySet[ConsentRecord]:
        """The records in the chosen one."""
        return queryset.filter(language=self.value()) if self.value() in dict(settings.LANGUAGES) else queryset
