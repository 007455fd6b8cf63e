"""Pictures of every page for people to look at: ``SCREENSHOTS=1 bin/test tests/browser/test_screenshots.py``."""

import os
import re
from pathlib import Path

import pytest
from cookie_consent.models import CookieGroup
from django.conf import settings
from django.contrib.auth.models import User
from django.test import Client

from consent.models import ConsentRecord
from privacy import current
from privacy.models import PolicyVersion
from privacy.publishing import Publication, publish
from tests.browser.conftest import VisitorWith
from tests.browser.visitor import PAGES

FOLDER = Path(settings.BASE_DIR) / "screenshots"
VERSION_PAGES = [f"/privatuma-politika/versijas/{page}" for page in ("", "1/", "2/", "2/izmainas/")]
STAFF_PAGES = ["", *(f"{{pk}}/{page}/" for page in ("change", "compare", "publish", "history", "preview/lv"))]


@pytest.mark.skipif(os.environ.get("SCREENSHOTS") != "1", reason="pictures are taken only when SCREENSHOTS=1")
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [320, 768, 1280])
@pytest.mark.parametrize("state", ["undecided", "granted"])
def test_every_page_is_pictured(visitor_with: VisitorWith, state: str, width: int, scheme: str) -> None:
    visitor = visitor_with(viewport={"width": width, "height": 800}, color_scheme=scheme)
    FOLDER.mkdir(exist_ok=True)

    def picture(name: str) -> None:
        path = FOLDER / f"{name}-{state}-{width}-{scheme}.png"
        visitor.page.screenshot(path=path, full_page=True)
        assert path.stat().st_size > 0

    if state == "granted":
        visitor.open("/")
        visitor.accept_all()
        picture("confirmation")
    for path in PAGES:
        visitor.open(path)
        picture(path.strip("/").replace("/", "-") or "home")
    if state == "granted":
        visitor.open("/")
        visitor.withdraw()
        picture("confirmation-of-withdrawal")
        visitor.context.clear_cookies()
        visitor.open("/")
        visitor.reject_all()
        picture("confirmation-of-refusal")


def fill_in_the_draft() -> PolicyVersion:
    draft = PolicyVersion.objects.get(number=2)
    for text in draft.texts.all():
        text.body = re.sub(r"\[\[.*?\]\]", "ir norādīts", text.body)
        text.save()
    return draft


@pytest.mark.skipif(os.environ.get("SCREENSHOTS") != "1", reason="pictures are taken only when SCREENSHOTS=1")
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [320, 768, 1280])
def test_every_page_of_versions_and_of_staff_is_pictured(visitor_with: VisitorWith, width: int, scheme: str) -> None:
    visitor = visitor_with(viewport={"width": width, "height": 800}, color_scheme=scheme)
    FOLDER.mkdir(exist_ok=True)
    session = Client()
    session.force_login(User.objects.create_superuser("Anna"))
    visitor.context.add_cookies(
        [{"name": cookie.key, "value": cookie.value, "url": visitor.site} for cookie in session.cookies.values()]
    )
    pk = PolicyVersion.objects.get(number=2).pk

    def picture(path: str) -> None:
        visitor.open(path)
        visitor.page.wait_for_load_state("networkidle")
        name = path.strip("/").replace("/", "-")
        visitor.page.screenshot(path=FOLDER / f"{name}-{width}-{scheme}.png", full_page=True)

    for page in STAFF_PAGES:
        picture("/admin/privacy/policyversion/" + page.format(pk=pk))
    hotjar = CookieGroup.objects.get(varname="hotjar").pk
    for page in (
        "",
        "consent/category/",
        f"consent/category/{hotjar}/change/",
        f"consent/category/{hotjar}/end-grants/",
    ):
        picture(f"/admin/{page}")
    visitor.page.goto(f"{visitor.site}/admin/consent/category/{hotjar}/change/")
    visitor.page.locator("#id_text-0-purpose_lv").fill("Cits nolūks.")
    visitor.page.locator("[name=_save]").click()
    visitor.page.screenshot(path=FOLDER / f"admin-consequence-{width}-{scheme}.png", full_page=True)
    publish(fill_in_the_draft(), Publication(None, is_material=True, summaries={"lv": "Pievienotas sadaļas."}), by=None)
    current.forget()
    visitor.open("/")
    visitor.accept_all()
    visitor.withdraw()
    for path in VERSION_PAGES:
        picture(path)
    record = ConsentRecord.objects.latest("decided_at")
    for path in ("", f"{record.number}/"):
        picture(f"/sikdatnes/apliecinajums/{path}")
    for path in ("", f"{record.pk}/change/"):
        picture(f"/admin/consent/consentrecord/{path}")
