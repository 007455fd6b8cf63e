"""The merge fields that a policy text may use, and what each becomes."""

from collections.abc import Callable, Mapping

from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import override

from consent import registry, words
from ossnet_site.company import COMPANY, Phone


def phone(number: Phone) -> str:
    """A telephone number that can be called."""
    return format_html('<a href="{}">{}</a>', number.uri, number.number)


def hours(language: str) -> str:
    """The opening hours as the page's header says them."""
    with override(language):
        return render_to_string("site/_hours.html", {"company": COMPANY}).strip()


def cookie_declaration(language: str) -> str:
    """Every category's cookies in tables, as the registry declares them now."""
    with override(language):
        context = {"categories": registry.categories(language), "columns": words.settings_page(())["columns"]}
        return render_to_string("consent/_declaration.html", context)


def cookie_settings(language: str) -> str:
    """A link to the settings page."""
    with override(language):
        return format_html('<a href="{}">{}</a>', reverse("consent:cookie-settings"), _("Cookie settings"))


MERGE_FIELDS: Mapping[str, Callable[[str], str]] = {
    "company.name": lambda language: format_html("{}", COMPANY.name),
    "company.email": lambda language: format_html('<a href="mailto:{0}">{0}</a>', COMPANY.email),
    "company.office": lambda language: phone(COMPANY.office),
    "company.support": lambda language: phone(COMPANY.support),
    "company.hours": hours,
    "cookie_declaration": cookie_declaration,
    "cookie_settings": cookie_settings,
}
