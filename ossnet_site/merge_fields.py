"""The merge fields that a policy text may use, and what each becomes."""

from collections.abc import Mapping

from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, override

from consent import registry, words
from ossnet_site.company import COMPANY, Phone
from privacy.rendering import MergeField


def phone(number: Phone) -> str:
    """A telephone number that can be called."""
    return format_html('<a href="{}">{}</a>', number.uri, number.number)


def hours(language: str) -> str:
    """The opening hours as the page's header says them."""
    with override(language):
        return render_to_string("site/_hours.html", {"company": COMPANY}).strip()


def cookie_declaration(language: str) -> str:
    """Every category's cookies in tables, as the registry declares them now; a sentence while it is incomplete."""
    with override(language):
        try:
            categories = registry.categories(language)
        except registry.RegistryIncomplete:
            return format_html("<p>{}</p>", _("The list of cookies cannot be shown at the moment."))
        context = {"categories": categories, "columns": words.settings_page(())["columns"]}
        return render_to_string("consent/_declaration.html", context)


def cookie_settings(language: str) -> str:
    """A link to the settings page."""
    with override(language):
        return format_html('<a href="{}">{}</a>', reverse("consent:cookie-settings"), _("Cookie settings"))


MERGE_FIELDS: Mapping[str, MergeField] = {
    "company.name": MergeField(gettext_lazy("company name"), lambda language: format_html("{}", COMPANY.name)),
    "company.email": MergeField(
        gettext_lazy("e-mail"), lambda language: format_html('<a href="mailto:{0}">{0}</a>', COMPANY.email)
    ),
    "company.office": MergeField(gettext_lazy("office telephone"), lambda language: phone(COMPANY.office)),
    "company.support": MergeField(gettext_lazy("support telephone"), lambda language: phone(COMPANY.support)),
    "company.hours": MergeField(gettext_lazy("opening hours"), hours),
    "cookie_declaration": MergeField(gettext_lazy("tables of all cookies"), cookie_declaration),
    "cookie_settings": MergeField(gettext_lazy("link to the cookie settings"), cookie_settings),
}
