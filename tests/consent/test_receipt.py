"""The visitor's own history: theirs, all of it, and nobody else's."""

import re
import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client
from lxml import html

from consent import disclosures
from consent.disclosures import Shown
from consent.models import ConsentRecord, CookieDeclaration
from consent.models.evidence import DIGITS, as_number, number_of
from tests.consent.decide import decide

RECEIPT = "/sikdatnes/apliecinajums/"
NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)


def main(client: Client, address: str = RECEIPT) -> Any:
    response = client.get(address)
    assert response.status_code == 200
    assert response.headers["Cache-Control"] == "private, no-store"
    assert response.headers["X-Robots-Tag"] == "noindex"
    return html.fromstring(response.content.decode()).xpath("//main")[0]


def words(element: Any) -> str:
    return " ".join(element.text_content().split())


def test_a_browser_without_a_choice_is_told_so(visitor: Client) -> None:
    assert "nenorāda nevienu mūsu reģistrētu izvēli" in words(main(visitor))
    assert main(visitor).xpath(".//a/@href") == ["/sikdatnes/", "/sikdatnes/parbaude/"]
    visitor.cookies["consent"] = "analytics=2026|record=x|signature=forged"
    assert "nenorāda nevienu mūsu reģistrētu izvēli" in words(main(visitor))


def test_every_decision_is_listed_with_its_number_and_the_words_of_then(visitor: Client, shown: Shown) -> None:
    with time_machine.travel(NOW, tick=False) as clock:
        decide(visitor, "accept_all", disclosure=shown.sha256)
        clock.shift(60)
        CookieDeclaration.objects.filter(cookie__name="_ga").update(purpose_lv="Labāki vārdi.")
        disclosures.forget()
        decide(visitor, "withdraw")
        clock.shift(60)
        now = disclosures.current("lv")
        assert now
        decide(visitor, "save", "hotjar", disclosure=now.sha256)
    numbers = [record.number for record in ConsentRecord.objects.all()]
    page = main(visitor)
    assert page.xpath(".//li/h2/text()") == numbers
    assert all(re.fullmatch(r"[0-9A-Z]{4}-[0-9A-Z]{4}-[0-9A-Z]{4}", number) for number in numbers)
    newest, withdrawn, first = page.xpath(".//ol/li")
    assert "Kopš tā brīža atļautsHotjar sīkdatnes" in words(newest)
    assert "23.11.2026. 14:01:00" in words(withdrawn)
    assert "Kopš tā brīža atļauts–" in words(withdrawn)
    (link,) = first.xpath(".//a[contains(., 'toreiz')]/@href")
    then = words(main(visitor, link))
    assert "Atšķir apmeklētājus citu no cita." in then
    assert numbers[2] in then
    assert "Labāki vārdi." in words(main(visitor, newest.xpath(".//a[contains(., 'toreiz')]/@href")[0]))


def test_what_is_shown_again_is_the_page_as_it_was_with_controls_that_do_nothing(visitor: Client, shown: Shown) -> None:
    decide(visitor, "accept_all", disclosure=shown.sha256)
    page = main(visitor, f"{RECEIPT}{ConsentRecord.objects.get().number}/")
    for control in page.xpath(".//button | .//input[@type='checkbox']"):
        assert control.get("disabled") is not None
        assert control.get("checked") is None
    assert shown.sha256 in words(page)
    for text in (shown.content["banner"]["text"], shown.content["settings"]["introduction"]):
        assert text in words(page)


def test_nobody_sees_the_history_of_another(visitor: Client, shown: Shown) -> None:
    decide(visitor, "accept_all", disclosure=shown.sha256)
    number = ConsentRecord.objects.get().number
    other = Client(headers={"Sec-Fetch-Site": "same-origin"})
    assert other.get(f"{RECEIPT}{number}/").status_code == 404
    decide(other, "reject_all")
    assert number not in words(main(other))
    assert other.get(f"{RECEIPT}{number}/").status_code == 404


@pytest.mark.parametrize("number", ["x", "0000-0000-0000", "%00", "1" * 3000])
def test_a_number_that_leads_nowhere_is_not_found(visitor: Client, number: str) -> None:
    decide(visitor, "reject_all")
    assert visitor.get(f"{RECEIPT}{number}/").status_code == 404


def test_a_decision_on_a_page_of_unknown_words_has_no_words_to_show(visitor: Client) -> None:
    decide(visitor, "reject_all", disclosure="0" * 64)
    assert "toreiz redzējāt" not in words(main(visitor))
    assert visitor.get(f"{RECEIPT}{ConsentRecord.objects.get().number}/").status_code == 404


def test_a_purged_record_is_said_to_be_deleted(visitor: Client, shown: Shown, guards_lifted: None) -> None:
    decide(visitor, "reject_all")
    number = ConsentRecord.objects.get().number
    decide(visitor, "accept_all", disclosure=shown.sha256)
    ConsentRecord.objects.filter(number=number).delete()
    assert number not in words(main(visitor))
    newest = ConsentRecord.objects.get()
    ConsentRecord.objects.all().delete()
    assert f"Ieraksts {newest.number}, ko norāda šis pārlūks, ir dzēsts" in words(main(visitor))


def test_without_a_registry_categories_are_named_by_their_slugs(visitor: Client, shown: Shown) -> None:
    decide(visitor, "accept_all", disclosure=shown.sha256)
    CookieDeclaration.objects.get(cookie__name="_ga").delete()
    disclosures.forget()
    assert "analytics, facebook, hotjar" in words(main(visitor))


def test_a_clock_that_goes_back_and_two_decisions_at_one_moment_lose_nothing(visitor: Client, shown: Shown) -> None:
    with time_machine.travel(NOW, tick=False) as clock:
        decide(visitor, "accept_all", disclosure=shown.sha256)
        decide(visitor, "withdraw")
        clock.move_to(NOW - timedelta(hours=1))
        decide(visitor, "save", "hotjar", disclosure=shown.sha256)
        assert len(main(visitor).xpath(".//ol/li")) == 3
        assert visitor.get("/").content.decode().count("data-id") == 1
    texts = [words(item) for item in main(visitor).xpath(".//ol/li")]
    assert "Hotjar" in texts[0], "in the order of the decisions, whatever the clock said"


def test_settings_lead_to_the_receipt(visitor: Client) -> None:
    assert RECEIPT in visitor.get("/sikdatnes/").content.decode()


def test_a_number_can_be_written_as_people_write_it() -> None:
    number = number_of(uuid.UUID(int=0b01101_00010_10111_00000_11111_00001_01000_10000_11001_01010_00111_11110))
    assert len(number) == 14
    assert as_number(number) == number
    assert as_number(f" {number.lower().replace('-', ' ')} ") == number
    assert as_number("OIL0-oil0-1111") == "0110-0110-1111"
    for wrong in ("", "U" * 12, "1" * 11, "1" * 13, "ā" * 12):
        assert as_number(wrong) is None
    assert len(DIGITS) == 32
