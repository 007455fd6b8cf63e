"""Template tags for addresses that must name the host, and for the company as data."""

import json

from django import template
from django.template.context import Context
from django.templatetags.static import static
from django.urls import reverse
from django.utils.safestring import SafeString, mark_safe

from ossnet_site.company import COMPANY

register = template.Library()
# What could end a script element or begin a comment in it.
AS_ESCAPES = {ord(sign): f"\\u{ord(sign):04X}" for sign in "<>&"}


@register.simple_tag(takes_context=True)
def absolute(context: Context, path: str) -> str:
    """The address of ``path`` at the scheme and host that the request came to."""
    address: str = context["request"].build_absolute_uri(path)
    return address


@register.simple_tag(takes_context=True)
def organization(context: Context) -> SafeString:
    """The company as schema.org data: a data block, which no browser runs as a script."""
    facts = COMPANY.as_data(absolute(context, reverse("show-home")), absolute(context, static("images/og.png")))
    words = json.dumps(facts, ensure_ascii=False).translate(AS_ESCAPES)
    return mark_safe(f'<script type="application/ld+json">{words}</script>')  # noqa: S308 - escaped above
