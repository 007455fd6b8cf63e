"""Banner, settings page and confirmations as HTML."""

import re
from typing import Any

import pytest
import time_machine
from django.test import Client
from lxml import html
from pytest_django import DjangoAssertNumQueries, Settings

from consent import disclosures
from consent.disclosures import Shown
from consent.models import Disclosure
from consent.scripts import CLEAR_STORAGE, PAGE_SCRIPT
from consent.services import CATEGORIES
from tests.consent.decide import decide

PAGES = ["/", "/kontakti/", "/privatuma-politika/", "/none/", "/en/", "/en/contacts/", "/en/privacy-policy/"]
THIRD_PARTY = re.compile(
    r"googletagmanager|google-analytics|connect\.facebook|hotjar\.com/c|G-SAMPLE|1234567890|data-id"
)


def page(client: Client, address: str) -> Any:
    return html.fromstring(client.get(address).content.decode())


@pytest.mark.parametrize("address", PAGES)
def test_an_undecided_visitor_gets_the_banner_and_nothing_of_any_service(visitor: Client, address: str) -> None:
    response = visitor.get(address)
    document = html.fromstring(response.content.decode())
    assert len(document.xpath("//section[@aria-labelledby='banner-heading']")) == 1
    assert not THIRD_PARTY.search(response.content.decode())
    assert not response.cookies
    assert document.xpath("//iframe | //noscript | //img | //link[@rel='preconnect']") == []
    assert document.xpath("//script/@src") == ["/static/js/site.js"]


def test_refusing_stands_beside_accepting_in_the_same_form(visitor: Client) -> None:
    (form,) = page(visitor, "/").xpath("//form")
    assert form.get("method") == "post"
    assert form.get("action") == "/sikdatnes/"
    buttons = form.xpath(".//button")
    assert [(b.get("name"), b.get("value"), b.text, b.get("class")) for b in buttons] == [
        ("decision", "reject_all", "Noraidīt visas", "button"),
        ("decision", "accept_all", "Piekrist visām", "button"),
    ]
    assert buttons[0].getnext() is buttons[1]
    assert form.xpath(".//a/text()") == ["Pielāgot"]
    assert set(form.fields) == {"disclosure", "next", "decision"} - {"decision"}


def test_the_first_layer_says_who_why_with_whom_and_that_it_can_be_undone(visitor: Client) -> None:
    (banner,) = page(visitor, "/").xpath("//section[@aria-labelledby='banner-heading']")
    assert " ".join(banner.xpath("string(.//p)").split()) == (
        "Ar jūsu piekrišanu SIA OSS Networks lietos sīkdatnes analītikai (Google Analytics), reklāmām (Facebook) un "
        "lietojamības izpētei (Hotjar). Piekrišanu jebkurā laikā var atsaukt lapas apakšā. Privātuma politika"
    )
    assert banner.xpath(".//p/a/text()") == ["Privātuma politika"]


def test_the_first_layer_names_only_what_is_offered(visitor: Client, settings: Settings) -> None:
    settings.FACEBOOK_PIXEL_ID = settings.HOTJAR_SITE_ID = ""
    text = visitor.get("/").content.decode()
    assert "lietos sīkdatnes analītikai (Google Analytics). Piekrišanu" in text
    assert "reklāmām" not in text


def test_where_nothing_is_offered_there_is_no_banner_and_no_choice(visitor: Client, settings: Settings) -> None:
    settings.GOOGLE_ANALYTICS_ID = settings.FACEBOOK_PIXEL_ID = settings.HOTJAR_SITE_ID = ""
    assert "<form" not in visitor.get("/").content.decode()
    assert page(visitor, "/sikdatnes/").xpath("//input[@type='checkbox'] | //button") == []


def test_settings_offer_one_empty_switch_for_each_category_before_a_choice(visitor: Client) -> None:
    switches = page(visitor, "/sikdatnes/").xpath("//input[@type='checkbox']")
    assert [switch.get("value") for switch in switches] == list(CATEGORIES)
    assert not any(switch.get("checked") is not None for switch in switches)


@pytest.mark.parametrize("granted", [("analytics",), ("facebook", "hotjar"), CATEGORIES, ()])
def test_settings_show_the_stored_choice(visitor: Client, shown: Shown, granted: tuple[str, ...]) -> None:
    decide(visitor, "save", *granted, disclosure=shown.sha256)
    document = page(visitor, "/sikdatnes/")
    switches = document.xpath("//input[@type='checkbox']")
    assert tuple(s.get("value") for s in switches if s.get("checked") is not None) == granted
    states = [" ".join(state.text_content().split()) for state in document.xpath("//p[@class='state']")]
    allowed = "Jūsu saglabātā izvēle: atļautas"
    rejected = "Jūsu saglabātā izvēle: noraidītas"
    assert states == [allowed if category in granted else rejected for category in CATEGORIES]


def test_the_settings_page_does_not_repeat_the_question_on_top(visitor: Client) -> None:
    assert len(page(visitor, "/sikdatnes/").xpath("//form")) == 1


def test_settings_declare_every_cookie_without_a_blank_field(visitor: Client) -> None:
    rows = page(visitor, "/sikdatnes/").xpath("//tbody/tr")
    cells = [[cell.text_content().strip() for cell in row] for row in rows]
    assert len(cells) == 20
    assert all(len(row) == 5 and all(row) for row in cells)
    assert [
        "_ga",
        "Google Ireland Limited",
        "Atšķir apmeklētājus citu no cita.",
        "182\u00a0dienas",
        "pirmās puses",
    ] in cells


@pytest.mark.parametrize("address", [*PAGES, "/sikdatnes/"])
def test_withdrawal_is_one_action_away_on_every_page_once_something_is_granted(
    visitor: Client, shown: Shown, address: str
) -> None:
    assert not page(visitor, address).xpath("//footer//form")
    decide(visitor, "save", "hotjar", disclosure=shown.sha256)
    (form,) = page(visitor, address).xpath("//footer//form")
    assert form.xpath(".//button[@name='decision']/@value") == ["withdraw"]
    assert form.xpath("./input[@name='next']/@value") == [address]


@pytest.mark.parametrize("granted", [(), ("analytics",), ("facebook",), ("hotjar",), CATEGORIES])
def test_only_granted_services_are_started(visitor: Client, shown: Shown, granted: tuple[str, ...]) -> None:
    decide(visitor, "save", *granted, disclosure=shown.sha256)
    loaders = {
        "analytics": ("/static/js/google-analytics.js", "G-SAMPLE0001"),
        "facebook": ("/static/js/meta-pixel.js", "1234567890"),
        "hotjar": ("/static/js/hotjar.js", "12345"),
    }
    for address in ("/", "/none/", "/sikdatnes/"):
        scripts = page(visitor, address).xpath("//script[not(@type)]")
        ours = [s for s in scripts if s.get("src") in {f"/static/{name}" for name in (PAGE_SCRIPT, CLEAR_STORAGE)}]
        assert len(ours) == (1 if len(granted) == len(CATEGORIES) else 2)
        services = [(s.get("src"), s.get("data-id")) for s in scripts if s not in ours]
        assert services == [loaders[category] for category in granted]
        assert not any(script.text for script in scripts)


def test_the_confirmation_says_what_was_saved(visitor: Client, shown: Shown) -> None:
    assert "choice-saved" not in visitor.get("/").content.decode()
    decide(visitor, "save", "facebook", disclosure=shown.sha256)
    (confirmation,) = page(visitor, "/").xpath("//section[@id='choice-saved']")
    assert confirmation.get("tabindex") == "-1"
    assert confirmation.xpath("string(.//h2)") == "Jūsu izvēle ir saglabāta."
    assert [" ".join(item.text_content().split()) for item in confirmation.xpath(".//li")] == [
        "Analītiskās sīkdatnes: noraidītas",
        "Facebook sīkdatnes: atļautas",
        "Hotjar sīkdatnes: noraidītas",
        "Analītiskās sīkdatnes: _ga, _ga_*, _gid, _gat*, _dc_gtm_*, _gcl_*, _gac_*, __utm*",
        "Hotjar sīkdatnes: _hj*, _cs_*",
    ]
    assert confirmation.xpath("string(.//details/summary)") == "Kuras sīkdatnes ir izdzēstas"
    decide(visitor, "accept_all", disclosure=shown.sha256)
    (confirmation,) = page(visitor, "/").xpath("//section[@class='confirmation']")
    assert len(confirmation.xpath(".//li")) == 3
    assert confirmation.xpath(".//details") == []


def test_visitors_in_the_same_state_get_the_same_bytes(visitor: Client, shown: Shown) -> None:
    other = Client(headers={"Sec-Fetch-Site": "same-origin", "User-Agent": "other"})
    assert visitor.get("/").content == other.get("/").content
    for client in (visitor, other):
        decide(client, "save", "hotjar", disclosure=shown.sha256)
    for address in ("/privatuma-politika/", "/sikdatnes/", "/none/"):
        assert visitor.get(address).content == other.get(address).content


def test_no_cache_mixes_visitors_or_keeps_a_page_in_which_services_run(visitor: Client, shown: Shown) -> None:
    def caching() -> str:
        response = visitor.get("/")
        assert "Cookie" in response.headers["Vary"]
        return response.headers["Cache-Control"]

    assert caching() == "private, no-cache"
    decide(visitor, "save", "hotjar", disclosure=shown.sha256)
    assert caching() == "private, no-store"
    decide(visitor, "withdraw")
    assert caching() == "private, no-cache"


@pytest.mark.parametrize(
    ("address", "queries"),
    [("/", 2), ("/privatuma-politika/", 2), ("/sikdatnes/", 2), ("/none/", 2)],
)
def test_no_query_is_repeated(
    visitor: Client,
    address: str,
    queries: int,
    django_assert_num_queries: DjangoAssertNumQueries,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("time.monotonic", lambda: 1000.5)
    visitor.get("/")  # the first page that shows these words stores them
    disclosures.forget()
    with django_assert_num_queries(queries) as first:
        visitor.get(address)
    assert len({query["sql"] for query in first.captured_queries}) == queries


def test_what_is_shown_is_stored_by_the_first_page_that_shows_it(
    visitor: Client, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    with time_machine.travel("2026-11-23T12:00:00Z", tick=False), django_assert_num_queries(4):  # the stamp, too
        visitor.get("/")
    assert Disclosure.objects.count() == 1
    visitor.get("/sikdatnes/")
    assert Disclosure.objects.count() == 1


def test_a_page_within_the_same_second_asks_the_database_nothing(
    visitor: Client, django_assert_num_queries: DjangoAssertNumQueries, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("time.monotonic", lambda: 1000.5)
    visitor.get("/privatuma-politika/")
    with django_assert_num_queries(0):
        visitor.get("/privatuma-politika/")
        visitor.get("/sikdatnes/")


def test_a_return_path_that_could_be_another_host_becomes_the_home_page(visitor: Client) -> None:
    assert page(visitor, "//evil.example/").xpath("//form/input[@name='next']/@value") == ["/"]
