"""A member of staff at a real browser: sets a telephone up, leaves, and comes back with a code."""

from datetime import timedelta

import pytest
import time_machine
from axe_playwright_python.sync_playwright import Axe
from django.utils import timezone
from django_otp.plugins.otp_totp.models import TOTPDevice
from playwright.sync_api import expect
from pytest_django import Settings

from tests.browser.conftest import VisitorWith
from tests.browser.visitor import Visitor
from tests.staff import PASSWORD, person, shown_by

SIDEWAYS = "document.documentElement.scrollWidth > document.documentElement.clientWidth"


def sign_in(visitor: Visitor) -> None:
    expect(visitor.page.get_by_label("Lietotājvārds")).to_be_focused()  # typing sooner keeps autofocus from its work
    visitor.page.get_by_label("Lietotājvārds").fill("Anna")
    visitor.page.get_by_label("Parole").fill(PASSWORD)
    visitor.page.get_by_role("button", name="Pieteikties").click()


def is_fine(visitor: Visitor, heading: str, complaints: list[str]) -> None:
    """The page with this heading fits, breaks no rule of axe, and the browser has nothing to say."""
    expect(visitor.page.get_by_role("heading", level=1, name=heading)).to_be_visible()
    visitor.page.wait_for_load_state("networkidle")
    assert not visitor.page.evaluate(SIDEWAYS), heading
    assert complaints == []
    assert visitor.page.evaluate("window.violations") == []
    serious = [
        (rule["id"], [node["html"][:120] for node in rule["nodes"]])
        for rule in Axe().run(visitor.page).response["violations"]
        if rule["impact"] in {"serious", "critical"}
    ]
    assert serious == [], heading
    complaints.clear()  # axe adds styles of its own


@pytest.mark.parametrize("options", [{}, {"color_scheme": "dark", "viewport": {"width": 320, "height": 640}}])
def test_a_telephone_is_set_up_and_its_next_code_lets_in(
    visitor_with: VisitorWith, settings: Settings, options: dict[str, object]
) -> None:
    settings.STAFF_SECOND_FACTOR = True
    person()
    visitor = visitor_with(**options)
    page = visitor.page
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))

    visitor.open("/admin/privacy/")
    assert not page.evaluate(SIDEWAYS)
    sign_in(visitor)
    is_fine(visitor, "Otrā faktora iestatīšana", complaints)
    page.get_by_role("button", name="Sākt").click()
    expect(page.get_by_role("img", name="QR kods")).to_be_visible()
    is_fine(visitor, "Otrā faktora iestatīšana", complaints)
    expect(page.get_by_label("Kods")).to_be_focused()
    page.get_by_label("Kods").fill("000000" if shown_by(TOTPDevice.objects.get()) != "000000" else "111111")
    page.get_by_role("button", name="Apstiprināt").click()
    expect(page.get_by_text("Šis kods nav pareizs")).to_be_visible()
    is_fine(visitor, "Otrā faktora iestatīšana", complaints)
    page.wait_for_timeout(1100)  # django-otp's pause after a wrong code
    page.get_by_label("Kods").fill(shown_by(TOTPDevice.objects.get()))
    page.get_by_role("button", name="Apstiprināt").click()
    is_fine(visitor, "Jūsu atjaunošanas kodi", complaints)
    codes = page.locator("pre").inner_text().split("\n")
    assert len([code for code in codes if code]) == 10
    page.get_by_role("link", name="Turpināt").click()
    page.wait_for_url("**/admin/privacy/")

    page.get_by_role("link", name="Atjaunošanas kodi").click()
    is_fine(visitor, "Atjaunošanas kodi", complaints)
    page.get_by_role("button", name="Atslēgties").click()
    visitor.open("/admin/")
    sign_in(visitor)
    is_fine(visitor, "Otrais solis", complaints)
    # Half a minute later the telephone shows its next code; that of before counts no more.
    with time_machine.travel(timezone.now() + timedelta(seconds=30), tick=True):
        page.get_by_label("Kods").fill(shown_by(TOTPDevice.objects.get()))
        page.get_by_role("button", name="Turpināt").click()
        page.wait_for_url("**/admin/")
        expect(page.get_by_role("button", name="Atslēgties")).to_be_visible()
        page.get_by_role("button", name="Atslēgties").click()
        visitor.open("/admin/")
        sign_in(visitor)
        page.get_by_label("Kods").fill(codes[0])
        page.get_by_role("button", name="Turpināt").click()
        page.wait_for_url("**/admin/")
