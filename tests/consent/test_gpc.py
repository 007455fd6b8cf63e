"""Global Privacy Control: a refusal of everything, without a question, until the visitor says otherwise."""

import pytest
from cookie_consent.models import Cookie
from django.test import Client
from lxml import html

from consent import disclosures
from consent.disclosures import Shown
from consent.models import ConsentRecord
from tests.consent.decide import decide

LINE = "Jūsu pārlūks lūdz vietnēm jūs neizsekot"


@pytest.mark.parametrize(("sent", "acts"), [("1", True), ("0", False), ("true", False), ("1,1", False), ("", False)])
def test_only_the_value_1_acts(visitor: Client, sent: str, acts: bool) -> None:
    content = visitor.get("/", headers={"Sec-GPC": sent}).content.decode()
    assert (LINE in content) is acts
    assert ("banner-heading" not in content) is acts


def test_the_line_leads_to_the_settings_and_nothing_is_recorded_or_set(visitor: Client) -> None:
    for address in ("/", "/none/", "/privatuma-politika/", "/sikdatnes/"):
        response = visitor.get(address, headers={"Sec-GPC": "1"})
        (line,) = html.fromstring(response.content.decode()).xpath("//aside")
        assert line.xpath(".//a/@href") == ["/sikdatnes/"]
        assert not response.cookies
        assert "Sec-GPC" in response.headers["Vary"]
    assert not ConsentRecord.objects.exists()


def test_a_grant_from_before_the_signal_does_not_count_and_its_cookies_are_removed(
    visitor: Client, shown: Shown
) -> None:
    decide(visitor, "accept_all", disclosure=shown.sha256)
    visitor.cookies["_ga"] = "x"
    response = visitor.get("/", headers={"Sec-GPC": "1"})
    assert "data-id" not in response.content.decode()
    assert any(key.startswith("_ga ") for key in response.cookies)
    assert "data-id" in visitor.get("/").content.decode()


def test_an_explicit_later_grant_wins(visitor: Client, shown: Shown) -> None:
    visitor.defaults["HTTP_SEC_GPC"] = "1"
    decide(visitor, "save", "analytics", disclosure=shown.sha256)
    content = visitor.get("/").content.decode()
    assert content.count("data-id") == 1
    assert LINE not in content
    assert ConsentRecord.objects.get().gpc is True


def test_agreeing_once_more_despite_the_signal_is_a_new_decision(visitor: Client, shown: Shown) -> None:
    decide(visitor, "accept_all", disclosure=shown.sha256)
    visitor.defaults["HTTP_SEC_GPC"] = "1"
    decide(visitor, "accept_all", disclosure=shown.sha256)
    assert [record.gpc for record in ConsentRecord.objects.all()] == [True, False]
    assert visitor.get("/").content.decode().count("data-id") == 3


def test_no_under_the_signal_switches_nothing_on(visitor: Client, shown: Shown) -> None:
    decide(visitor, "accept_all", disclosure=shown.sha256)
    Cookie.objects.filter(name="_ga").update(domain="example.org")
    disclosures.forget()
    document = html.fromstring(visitor.get("/").content.decode())
    partial = document.xpath("//section[@class='banner']//input[@name='disclosure']/@value")[0]
    visitor.defaults["HTTP_SEC_GPC"] = "1"
    decide(visitor, "reject_all", disclosure=partial)
    content = visitor.get("/").content.decode()
    assert "data-id" not in content
    assert LINE in content


def test_settings_say_that_the_signal_decides(visitor: Client) -> None:
    content = visitor.get("/sikdatnes/", headers={"Sec-GPC": "1"}).content.decode()
    assert content.count("Izslēgtas, jo jūsu pārlūks lūdz jūs neizsekot") == 3


def test_visitors_in_one_state_get_the_same_bytes_with_the_signal(visitor: Client) -> None:
    other = Client(headers={"Sec-Fetch-Site": "same-origin"})
    decide(other, "reject_all")
    pages = [client.get("/", headers={"Sec-GPC": "1"}) for client in (visitor, other)]
    assert pages[0].content == pages[1].content


@pytest.mark.django_db
def test_machines_are_told(client: Client) -> None:
    response = client.get("/.well-known/gpc.json")
    assert response.headers["Content-Type"] == "application/json"
    assert response.json() == {"gpc": True, "lastUpdate": "2026-11-23"}
    assert client.put("/.well-known/gpc.json").status_code == 405
