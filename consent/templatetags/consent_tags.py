"""Template tags of consent."""

from django import template
from django.templatetags.static import static
from django.utils.html import format_html_join
from django.utils.safestring import SafeString

from consent.state import Consent

register = template.Library()


@register.simple_tag
def service_scripts(consent: Consent) -> SafeString:
    """The loaders of the granted services: the only way by which a third party gets into a page."""
    rows = ((static(service.loader), service.id) for service in consent.services)
    return format_html_join("\n", '<script defer src="{}" data-id="{}"></script>', rows)
