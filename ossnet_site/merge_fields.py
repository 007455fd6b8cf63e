"""The merge fields that a policy text may use, and what each becomes."""

from collections.abc import Mapping

from django.utils.html import format_html

from ossnet_site.company import COMPANY


def merge_fields() -> Mapping[str, str]:
    """Name to HTML."""
    return {
        "company.name": format_html("{}", COMPANY.name),
        "company.email": format_html('<a href="mailto:{0}">{0}</a>', COMPANY.email),
    }
