"""Template tag for the start page of staff."""

from django import template
from django.http import HttpRequest

from ossnet_site.attention import Notice, notices

register = template.Library()


@register.simple_tag
def attention(request: HttpRequest) -> list[Notice]:
    """What needs this member of staff's attention."""
    return list(notices(request))
