"""Template tags for the files in ``static/``: every element says which bytes it expects."""

from django import template
from django.templatetags.static import static
from django.utils.html import format_html
from django.utils.safestring import SafeString

from consent import scripts

register = template.Library()

register.simple_tag(scripts.script)
register.simple_tag(scripts.page_style)


@register.simple_tag
def stylesheet(name: str) -> SafeString:
    """An element that loads a style sheet of ours; the browser checks the file's digest."""
    return format_html('<link rel="stylesheet" href="{}" integrity="{}">', static(name), scripts.integrity(name))
