"""Staff at a real browser: the rich-text editor works under the Content-Security-Policy of its page."""

import pytest
from django.contrib.auth.models import User
from django.test import Client
from playwright.sync_api import Page, expect

from privacy.models import PolicyVersion
from tests.browser.conftest import VisitorWith
from tests.browser.visitor import Visitor

DRAFT = "/admin/privacy/policyversion/{}/change/"


@pytest.fixture
def editor(visitor_with: VisitorWith) -> Visitor:
    """A policy editor who is logged in; ``console`` on the page's object collects what the browser complains of."""
    person = User.objects.create_superuser("Anna")
    session = Client()
    session.force_login(person)
    staff = visitor_with()
    (cookie,) = session.cookies.values()
    staff.context.add_cookies([{"name": cookie.key, "value": cookie.value, "url": staff.site}])
    staff.page.on("console", lambda message: complaints(staff.page).append(message.text))
    staff.page.on("pageerror", lambda error: complaints(staff.page).append(str(error)))
    return staff


def complaints(page: Page) -> list[str]:
    return page.__dict__.setdefault("complaints", [])


def draft() -> PolicyVersion:
    return PolicyVersion.objects.get(number=2)


def test_the_editor_works_and_the_console_stays_empty(editor: Visitor) -> None:
    editor.open(DRAFT.format(draft().pk))
    area = editor.page.locator(".ProseMirror").first
    expect(area).to_contain_text("apņemas aizsargāt")
    area.click()
    editor.page.keyboard.press("Control+Home")
    editor.page.keyboard.type("Jauni vārdi ")
    assert complaints(editor.page) == []
    assert editor.page.evaluate("window.violations") == []
