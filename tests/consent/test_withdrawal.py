"""A no is always taken, and reaches everything the visitor once said yes to."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from cookie_consent.models import Cookie
from django.db import OperationalError
from django.test import Client
from lxml import html
from pytest_django import Settings

from consent import cleanup, disclosures
from consent.disclosures import Shown
from consent.models import ConsentRecord, CookieDeclaration
from tests.consent.decide import decide
from tests.consent.test_scopes import declare

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)


def test_what_is_not_offered_at_the_moment_is_withdrawn_too(visitor: Client, shown: Shown, settings: Settings) -> None:
    decide(visitor, "accept_all", disclosure=shown.sha256)
    settings.HOTJAR_SITE_ID = ""
    decide(visitor, "withdraw")
    settings.HOTJAR_SITE_ID = "12345"
    assert "data-id" not in visitor.get("/").content.decode()
    record = ConsentRecord.objects.latest("decided_at")
    assert record.grants == {"analytics": False, "facebook": False, "hotjar": False}


def test_withdrawing_is_possible_while_nothing_is_offered(visitor: Client, shown: Shown, settings: Settings) -> None:
    decide(visitor, "accept_all", disclosure=shown.sha256)
    for name in ("GOOGLE_ANALYTICS_ID", "FACEBOOK_PIXEL_ID", "HOTJAR_SITE_ID"):
        setattr(settings, name, "")
    assert decide(visitor, "accept_all").status_code == 400
    assert decide(visitor, "withdraw").status_code == 303
    assert ConsentRecord.objects.latest("decided_at").event == "withdrawn"
    assert decide(Client(headers={"Sec-Fetch-Site": "same-origin"}), "reject_all").status_code == 400


def test_keeping_a_grant_on_a_page_of_unknown_words_is_no_new_grant(visitor: Client, shown: Shown) -> None:
    decide(visitor, "save", "analytics", "facebook", disclosure=shown.sha256)
    declare("_ga_new")
    disclosures.forget()
    for known in ("", shown.sha256):
        assert decide(visitor, "save", "facebook", disclosure=known).status_code == 303
    record = ConsentRecord.objects.latest("decided_at")
    assert record.event == "refused"
    assert record.grants == {"analytics": False, "facebook": True, "hotjar": False}


def test_a_category_that_was_not_on_the_page_stays_undecided(visitor: Client, settings: Settings) -> None:
    settings.HOTJAR_SITE_ID = ""
    document = html.fromstring(visitor.get("/sikdatnes/").content.decode())
    seen = document.xpath("//input[@name='disclosure']/@value")[0]
    settings.HOTJAR_SITE_ID = "12345"
    disclosures.forget()
    decide(visitor, "save", disclosure=seen)
    assert ConsentRecord.objects.get().grants == {"analytics": False, "facebook": False}
    content = visitor.get("/").content.decode()
    assert "banner-heading" in content
    assert "choice-saved" in content


def test_while_the_registry_is_incomplete_a_withdrawal_is_one(visitor: Client, shown: Shown) -> None:
    decide(visitor, "accept_all", disclosure=shown.sha256)
    CookieDeclaration.objects.get(cookie__name="_hjTLDTest").delete()
    disclosures.forget()
    response = decide(visitor, "withdraw")
    assert ConsentRecord.objects.latest("decided_at").event == "withdrawn"
    assert response.headers["Clear-Site-Data"]


def test_cookies_of_a_lapsed_grant_are_removed(visitor: Client, shown: Shown) -> None:
    with time_machine.travel(NOW, tick=False) as clock:
        decide(visitor, "accept_all", disclosure=shown.sha256)
        visitor.cookies["consent"]["expires"] = ""
        visitor.cookies["_ga"] = "x"
        clock.move_to(NOW + timedelta(days=183))
        response = visitor.get("/")
    assert any(key.startswith("_ga ") for key in response.cookies)


def test_cookies_that_staff_declared_are_removed_and_named_but_never_ours(visitor: Client, shown: Shown) -> None:
    declare("_gb*")
    declare("c*")
    disclosures.forget()
    now = disclosures.current("lv")
    assert now
    decide(visitor, "accept_all", disclosure=now.sha256)
    visitor.cookies["_gb_1"] = "x"
    response = decide(visitor, "withdraw")
    assert any(key.startswith("_gb_1 ") for key in response.cookies)
    assert response.cookies["consent"].value
    assert not any(key.startswith("consent ") for key in response.cookies)
    assert "_gb*" in visitor.get("/").content.decode()


def test_two_pages_open_at_once_both_count(visitor: Client, shown: Shown) -> None:
    decide(visitor, "accept_all", disclosure=shown.sha256)
    Cookie.objects.filter(name="_ga").update(domain="example.org")
    disclosures.forget()
    document = html.fromstring(visitor.get("/").content.decode())
    partial = document.xpath("//section[@class='banner']//input[@name='disclosure']/@value")[0]
    decide(visitor, "reject_all", disclosure=partial)
    assert decide(visitor, "accept_all", disclosure=partial).status_code == 303
    record = ConsentRecord.objects.latest("decided_at")
    assert (record.asked, record.event) == (["analytics"], "given")


def test_a_first_double_click_leaves_one_subject(visitor: Client, shown: Shown) -> None:
    decide(visitor, "accept_all", disclosure=shown.sha256)
    before = visitor.cookies["consent"].value
    decide(visitor, "withdraw")
    visitor.cookies["consent"] = before  # the answer was lost
    decide(visitor, "withdraw")
    assert [record.event for record in ConsentRecord.objects.all()] == ["withdrawn", "given"]


def test_while_the_database_is_away_the_known_cookies_are_removed(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail() -> None:
        raise OperationalError("no server")

    monkeypatch.setattr("consent.registry._rows", fail)
    assert cleanup.patterns("facebook") == ["_fbp", "_fbc"]
