"""Template tags of consent."""

from collections.abc import Iterable, Mapping

from django import template
from django.utils.html import format_html_join
from django.utils.safestring import SafeString

from consent import cleanup
from consent.disclosures import Shown
from consent.scripts import script
from consent.state import Consent

register = template.Library()


@register.simple_tag
def service_scripts(consent: Consent) -> SafeString:
    """The loaders of the granted services: the only way by which a third party gets into a page."""
    return format_html_join("\n", "{}", ((script(service.loader, id=service.id),) for service in consent.services))


@register.simple_tag
def left_in_storage(consent: Consent) -> str:
    """Patterns of the storage keys of services that may not run, for ``static/js/clear-storage.js``."""
    return " ".join(pattern for service in consent.idle_services for pattern in service.storage)


@register.filter
def named(categories: Iterable[str], names: Mapping[str, str]) -> str:
    """The names of ``categories``, or a dash; one that is no longer there is named by its slug."""
    return ", ".join(names.get(category, category) for category in categories) or "–"


@register.simple_tag
def removed_cookies(consent: Consent, disclosure: Shown | None) -> list[tuple[str, str]]:
    """Name of each category that is off, and the first-party cookies that are removed with its grant."""
    categories = disclosure.content["categories"] if disclosure else ()
    return [
        (category["name"], ", ".join(cleanup.patterns(category["slug"])))
        for category in categories
        if not category["required"] and category["slug"] not in consent.granted
    ]
