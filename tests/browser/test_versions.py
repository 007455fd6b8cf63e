"""Pages of versions and the announcement in a real browser: accessible, within the screen, and clean on paper."""

import re

import pytest
from playwright.sync_api import expect

from privacy import current
from privacy.models import PolicyVersion
from privacy.publishing import Publication, publish
from tests.browser.conftest import VisitorWith
from tests.browser.test_accessibility import violations
from tests.browser.test_layout import SMALL_TARGETS, TOO_WIDE

PAGES = [f"/privatuma-politika/{page}" for page in ("", "versijas/", "versijas/1/", "versijas/2/izmainas/")]
SUMMARY = {"lv": "Pievienotas sadaļas par tiesībām un sīkdatnēm."}


@pytest.fixture
def second_in_force(served_site: str) -> PolicyVersion:
    draft = PolicyVersion.objects.get(number=2)
    for text in draft.texts.all():
        text.body = re.sub(r"\[\[.*?\]\]", "ir norādīts", text.body)
        text.save()
    version = publish(draft, Publication(None, is_material=True, summaries=SUMMARY), by=None)
    current.forget()
    return version


@pytest.mark.parametrize(("width", "scheme"), [(320, "light"), (1280, "dark")])
def test_pages_of_versions_are_accessible_and_fit(
    visitor_with: VisitorWith, second_in_force: PolicyVersion, width: int, scheme: str
) -> None:
    visitor = visitor_with(viewport={"width": width, "height": 640}, color_scheme=scheme)
    for path in PAGES:
        visitor.open(path)
        expect(visitor.page.get_by_role("complementary", name="Privātuma politikas izmaiņas")).to_be_visible()
        assert violations(visitor) == [], path
        assert visitor.page.evaluate(TOO_WIDE) is False, path
        assert visitor.page.evaluate(SMALL_TARGETS) == [], path


def test_on_paper_there_is_the_text_and_its_version(visitor_with: VisitorWith, second_in_force: PolicyVersion) -> None:
    visitor = visitor_with()
    visitor.open("/privatuma-politika/")
    footer = visitor.page.locator(".print-footer")
    expect(footer).to_be_hidden()
    visitor.page.emulate_media(media="print")
    expect(footer).to_contain_text("2. versija")
    expect(visitor.page.get_by_role("article")).to_be_visible()
    for role in ("complementary", "navigation", "contentinfo", "button"):
        for element in visitor.page.get_by_role(role).all():  # type: ignore[arg-type]
            expect(element).to_be_hidden()
