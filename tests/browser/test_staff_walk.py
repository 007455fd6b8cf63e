"""Every page of staff at a real browser: nothing refused, nothing in the console, nobody else asked."""

from django.contrib import admin
from django.urls import reverse

from consent.models import CspReport
from tests.browser.test_staff import COMPLAINTS, editor, nothing_to_complain_of  # noqa: F401 - a fixture
from tests.browser.visitor import Visitor


def every_page() -> list[str]:
    """Start page, account pages, and of every model the list, the form for a new row, and the pages of one row."""
    pages = ["/admin/", "/admin/password_change/", "/admin/password_change/done/", "/admin/privacy/", "/admin/none/"]
    for model, model_admin in admin.site._registry.items():
        name = f"{model._meta.app_label}_{model._meta.model_name}"
        pages += [reverse(f"admin:{name}_changelist"), reverse(f"admin:{name}_add")]
        row = model._default_manager.first()
        if row:
            for pattern in model_admin.get_urls():
                if pattern.name and "%" not in str(pattern.pattern) and pattern.pattern.converters:
                    pages += addresses(pattern.name, pattern.pattern.converters, row.pk)
    return list(dict.fromkeys(pages))


def addresses(name: str, converters: dict[str, object], pk: object) -> list[str]:
    """The address of the page ``name`` for a row; none for a page that needs more than the row."""
    more = {"language": "lv", "form": "json", "save": 1}
    arguments = {key: more.get(key, pk) for key in converters}
    return [] if name.endswith("_export") else [reverse(f"admin:{name}", kwargs=arguments)]


def test_every_page_of_staff_works_under_its_policy(editor: Visitor) -> None:  # noqa: F811
    seen = []
    for address in every_page():
        response = editor.open(address)
        assert response.status in {200, 302, 403, 404, 405}, (address, response.status)
        COMPLAINTS[:] = [line for line in COMPLAINTS if f"status of {response.status}" not in line]
        nothing_to_complain_of(editor)
        assert "script-src 'self'" in response.headers["content-security-policy"]
        seen.append(response.status)
    assert editor.requested == []
    assert seen.count(200) > 30, seen
    assert not CspReport.objects.exists()
