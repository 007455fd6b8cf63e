"""What visitors see of versions: permanent addresses, list, comparison, announcement, feed and archive."""

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from cookie_consent.models import CookieGroup
from django.test import Client
from django.utils import timezone
from lxml import etree, html
from pytest_django import DjangoAssertNumQueries

from consent import registry
from privacy import archive, current, dates
from privacy.models import PolicyText, PolicyVersion
from privacy.publishing import Publication, publish

DAY = timedelta(days=1)


def page(client: Client, address: str) -> Any:
    return html.fromstring(client.get(address).content.decode())


def top(document: Any) -> str:
    return " ".join(document.xpath("string(//main)").split())


@pytest.fixture
def second_in_force(visitor: Client, ready_draft: PolicyVersion) -> PolicyVersion:
    summary = {"lv": "Pievienotas sadaļas."}
    return publish(ready_draft, Publication(None, is_material=True, summaries=summary), by=None)


@pytest.fixture
def second_scheduled(visitor: Client, ready_draft: PolicyVersion) -> PolicyVersion:
    moment = timezone.now() + 10 * DAY
    return publish(ready_draft, Publication(moment, is_material=True, summaries={"lv": "Jaunas sadaļas."}), by=None)


def test_the_policy_says_its_version_and_day(visitor: Client) -> None:
    assert "1. versija, spēkā no 2026. gada 23. novembra." in top(page(visitor, "/privatuma-politika/"))
    assert "Version 1, in force from 23 November 2026." in top(page(visitor, "/en/privacy-policy/"))
    assert "/privatuma-politika/versijas/" in page(visitor, "/privatuma-politika/").xpath("//main//a/@href")


@pytest.mark.parametrize("month", range(1, 13))
def test_latvian_months_stand_in_the_genitive(month: int) -> None:
    noon = timezone.now().replace(month=month, day=5, hour=12)  # late in the evening it is the 6th already in Riga
    words = dates.in_words(noon, "lv").split()
    assert words[1:3] == ["gada", "5."]
    assert words[3][-1] in "aā"
    assert dates.in_table(noon.replace(year=2026)) == f"05.{month:02}.2026."


def test_a_superseded_version_keeps_its_address_says_so_and_is_not_indexed(
    visitor: Client, second_in_force: PolicyVersion
) -> None:
    response = visitor.get("/privatuma-politika/versijas/1/")
    assert response.status_code == 200
    assert response.headers["X-Robots-Tag"] == "noindex"
    document = html.fromstring(response.content.decode())
    assert "Šī ir agrāka versija un vairs nav spēkā." in top(document)
    assert "apņemas aizsargāt" in top(document)
    response = visitor.get("/privatuma-politika/versijas/2/")
    assert "X-Robots-Tag" not in response.headers
    assert "agrāka versija" not in response.content.decode()


def test_a_scheduled_version_can_be_read_before_its_day(visitor: Client, second_scheduled: PolicyVersion) -> None:
    text = top(page(visitor, "/privatuma-politika/versijas/2/"))
    assert "Šī versija vēl nav spēkā." in text
    assert "1. versija, spēkā" in top(page(visitor, "/privatuma-politika/"))


@pytest.mark.parametrize("number", ["2", "3", "0", "99999999999999999999", "x", "-1", "1.5"])
@pytest.mark.parametrize("form", ["{}/", "{}/izmainas/", "{}.json"])
def test_what_is_no_published_version_is_not_found(visitor: Client, number: str, form: str) -> None:
    response = visitor.get("/privatuma-politika/versijas/" + form.format(number))
    assert response.status_code == 404
    assert "Lapa nav atrasta" in response.content.decode()


def test_all_versions_are_listed_with_their_summaries(visitor: Client, second_scheduled: PolicyVersion) -> None:
    document = page(visitor, "/privatuma-politika/versijas/")
    assert document.xpath("//main//h2/text()") == ["Gaidāmās", "Spēkā esošā un iepriekšējās"]
    assert "Jaunas sadaļas." in top(document)
    assert "Būtiskas izmaiņas" in top(document)


@pytest.mark.django_db
def test_before_the_first_version_the_list_says_so() -> None:
    assert "vēl nav publicēta" in top(page(Client(), "/privatuma-politika/versijas/"))


def test_the_list_costs_the_same_however_many_versions(
    visitor: Client, policy_in_force: PolicyVersion, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for number in range(10, 60):
        moment = timezone.now() - DAY * number
        version = PolicyVersion.objects.create(number=number, effective_at=moment)
        PolicyText.objects.create(version=version, language="lv", title="T", body="<p>b</p>")
        PolicyVersion.objects.filter(pk=version.pk).update(published_at=moment)
    visitor.get("/privatuma-politika/versijas/")
    current.forget()
    registry.forget()
    with time_machine.travel(timezone.now(), tick=False), django_assert_num_queries(4):
        assert len(page(visitor, "/privatuma-politika/versijas/").xpath("//ol[contains(@class, 'versions')]/li")) == 51


def test_changes_are_shown_against_the_version_before(visitor: Client, second_in_force: PolicyVersion) -> None:
    document = page(visitor, "/privatuma-politika/versijas/2/izmainas/")
    assert "Pievienotas sadaļas." in top(document)
    assert "Salīdzinājumā ar 1. versiju:" in top(document)
    assert len(document.xpath("//div[@class='comparison']//ins")) > 10
    ids = document.xpath("//@id")
    assert len(ids) == len(set(ids))


def test_where_there_is_nothing_to_compare_the_page_says_so(visitor: Client, second_in_force: PolicyVersion) -> None:
    address = "/privatuma-politika/versijas/{}/izmainas/"
    assert "nav, ar ko to salīdzināt" in top(page(visitor, address.format(1)))
    assert "nav ko salīdzināt" in top(page(visitor, address.format(2) + "?with=2"))
    assert "Salīdzinājumā ar 2. versiju:" in top(page(visitor, address.format(1) + "?with=2"))
    for other in ("x", "9", "", "²"):
        assert visitor.get(address.format(2), {"with": other}).status_code == 404


def test_a_new_title_is_a_change(visitor: Client, policy_in_force: PolicyVersion) -> None:
    version = PolicyVersion.objects.create(number=3)
    PolicyText.objects.create(version=version, language="lv", title="Jauns", body=policy_in_force.texts.get().body)
    publish(version, Publication(None, is_material=False, summaries={"lv": "Virsraksts."}), by=None)
    comparison = page(visitor, "/privatuma-politika/versijas/3/izmainas/").xpath("//div[@class='comparison']")[0]
    assert comparison.xpath("string(.//ins[1])") == "Jauns"


def test_versions_are_compared_in_a_language_that_both_have(visitor: Client, ready_draft: PolicyVersion) -> None:
    PolicyText.objects.create(version=ready_draft, language="en", title="Policy", body="<p>Words</p>")
    publish(ready_draft, Publication(None, is_material=True, summaries={"lv": "x", "en": "New words"}), by=None)
    document = page(visitor, "/en/privacy-policy/versions/2/changes/")
    assert "New words" in top(document)
    assert "The versions are compared in Latvian" in top(document)
    assert document.xpath("//div[@class='comparison']/@lang") == ["lv"]
    assert "Words" not in document.xpath("string(//div[@class='comparison'])").split()


def test_an_unknown_version_is_named_as_such_with_a_way_on(visitor: Client, policy_in_force: PolicyVersion) -> None:
    for address in ("9/", "2/", "9/izmainas/", "1/izmainas/?with=" + 30 * "9", "9.json"):
        response = visitor.get(f"/privatuma-politika/versijas/{address}")
        assert response.status_code == 404
        document = html.fromstring(response.content.decode())
        assert "Tādas privātuma politikas versijas nav." in top(document)
        assert "/privatuma-politika/versijas/" in document.xpath("//main//a/@href")


def test_while_the_first_version_is_to_come_no_link_leads_nowhere(visitor: Client, guards_lifted: None) -> None:
    PolicyVersion.objects.filter(number=1).update(effective_at=timezone.now() + DAY)
    current.forget()
    response = visitor.get("/privatuma-politika/")
    assert "Privātuma politika vēl nav publicēta." in response.content.decode()
    document = page(visitor, "/privatuma-politika/versijas/1/")
    assert "vēl nav spēkā" in top(document)
    assert "/privatuma-politika/" not in document.xpath("//main//p[@class='notice']//a/@href")


def test_the_english_page_of_a_latvian_policy_needs_two_queries(
    visitor: Client, second_in_force: PolicyVersion, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    visitor.get("/en/privacy-policy/")
    current.forget()
    registry.forget()
    with time_machine.travel(timezone.now(), tick=False), django_assert_num_queries(2):
        visitor.get("/en/privacy-policy/")


def test_the_same_words_are_said_to_be_the_same(visitor: Client, policy_in_force: PolicyVersion) -> None:
    text = policy_in_force.texts.get()
    version = PolicyVersion.objects.create(number=3)
    PolicyText.objects.create(version=version, language="lv", title=text.title, body=text.body)
    publish(version, Publication(None, is_material=False, summaries={"lv": "Nekas."}), by=None)
    assert "Abu versiju teksts ir vienāds." in top(page(visitor, "/privatuma-politika/versijas/3/izmainas/"))


def test_a_material_change_is_announced_on_every_page_from_publication(
    visitor: Client, second_scheduled: PolicyVersion
) -> None:
    for address in ("/", "/kontakti/", "/none/"):
        (announcement,) = page(visitor, address).xpath("//aside")
        day = dates.in_words(second_scheduled.effective_at, "lv")  # type: ignore[arg-type]
        assert f"Privātuma politika mainās no {day}." in " ".join(announcement.text_content().split())
        assert announcement.xpath(".//a/@href") == ["/privatuma-politika/versijas/2/izmainas/"]
    assert "The privacy policy changes from" in visitor.get("/en/").content.decode()


def test_the_announcement_ends_30_days_after_the_change_took_effect(second_in_force: PolicyVersion) -> None:
    standing = current._standing(0)
    effect = second_in_force.effective_at
    assert effect
    for moment, announced in ((effect, True), (effect + 30 * DAY - DAY / 24, True), (effect + 30 * DAY, False)):
        assert bool(standing.announced(moment, "lv")) is announced


def test_after_its_effect_a_change_is_told_of_as_done(visitor: Client, second_in_force: PolicyVersion) -> None:
    (announcement,) = page(visitor, "/").xpath("//aside")
    day = dates.in_words(second_in_force.effective_at, "lv")  # type: ignore[arg-type]
    words = " ".join(announcement.text_content().split())
    assert words == f"Privātuma politika ir mainīta: jaunā versija ir spēkā no {day}. Skatīt, kas mainījās"


def test_every_material_change_is_announced_whatever_comes_after_it(
    visitor: Client, second_in_force: PolicyVersion
) -> None:
    for days, material in ((0, False), (5, True), (6, False), (7, True)):
        version = PolicyVersion.objects.create(number=PolicyVersion.objects.next_number())
        PolicyText.objects.create(version=version, language="lv", title="T", body="<p>b</p>")
        moment = timezone.now() + days * DAY if days else None
        publish(version, Publication(moment, is_material=material, summaries={"lv": "x"}), by=None)
    current.forget()
    links = page(visitor, "/").xpath("//aside//a/@href")
    assert links == [f"/privatuma-politika/versijas/{number}/izmainas/" for number in (2, 4, 6)]
    assert "3. versija" in top(page(visitor, "/privatuma-politika/"))


def test_a_change_that_is_not_material_is_not_announced(visitor: Client) -> None:
    assert not page(visitor, "/").xpath("//aside")


def test_a_scheduled_version_takes_effect_on_its_moment_without_anybodys_doing(
    second_scheduled: PolicyVersion,
) -> None:
    effect = second_scheduled.effective_at
    assert effect
    standing = current._standing(0)
    numbers = []
    for moment in (effect - DAY, effect, effect + DAY):
        text = standing.in_force(moment, "en")
        assert text
        numbers.append(text.version.number)
    assert numbers == [1, 2, 2]


def test_the_archive_holds_number_dates_fingerprint_and_plain_text(visitor: Client) -> None:
    response = visitor.get("/privatuma-politika/versijas/1.json")
    assert response.headers["Content-Type"] == "application/json"
    facts = response.json()
    text = PolicyText.objects.get(version__number=1)
    assert (facts["number"], facts["material_change"]) == (1, False)
    assert facts["effective_at"] == "2026-11-22T22:00:00Z"
    assert facts["texts"]["lv"]["sha256"] == text.sha256
    plain = facts["texts"]["lv"]["plain_text"].splitlines()
    assert plain[0] == "Privātuma politika"
    assert "Cik ilgi mēs glabājam Jūsu personīgo informāciju" in plain
    shown = page(visitor, "/privatuma-politika/versijas/1/").xpath("string(//article)")
    assert "".join("".join(plain[1:]).split()) == "".join(shown.split()), "each word once, in its order"


def test_the_archive_glues_no_words_together(policy_in_force: PolicyVersion) -> None:
    body = "<ul><li><p>viens</p><p>divi</p></li><li>trīs<ul><li>četri</li></ul></li></ul><p>pieci<br>seši</p>"
    text = PolicyText(version=policy_in_force, language="lv", title="T", body=body)
    assert archive.plain_text(text).splitlines() == ["T", "viens", "divi", "trīs", "četri", "pieci seši"]


def test_the_feed_tells_of_every_version(visitor: Client, second_scheduled: PolicyVersion) -> None:
    response = visitor.get("/privatuma-politika/versijas/plusma/")
    assert response.headers["Content-Type"] == "application/atom+xml; charset=utf-8"
    feed = response.content.decode()
    assert "Privātuma politika, 2. versija" in feed
    assert "Jaunas sadaļas." in feed
    assert "/privatuma-politika/versijas/1/" in feed
    assert "<author><name>SIA OSS Networks</name></author>" in feed
    assert page(visitor, "/").xpath("//link[@type='application/atom+xml']/@href") == [
        "/privatuma-politika/versijas/plusma/"
    ]


def test_what_looks_like_markup_in_a_summary_stays_words(visitor: Client, ready_draft: PolicyVersion) -> None:
    summary = "a < b <img src=x onerror=alert(1)>\nOtra rinda"
    publish(ready_draft, Publication(None, is_material=True, summaries={"lv": summary}), by=None)
    feed = etree.fromstring(visitor.get("/privatuma-politika/versijas/plusma/").content)
    described = html.fromstring(feed.xpath("string(//*[local-name()='summary'])"))
    assert not described.xpath("//img")
    assert len(described.xpath("//br")) == 1
    assert not page(visitor, "/privatuma-politika/versijas/2/izmainas/").xpath("//img")


def test_every_merge_field_is_filled_in(visitor: Client, second_in_force: PolicyVersion) -> None:
    document = page(visitor, "/privatuma-politika/")
    assert "{{" not in top(document)
    assert len(document.xpath("//article//table")) == 4
    assert document.xpath("//article//a[@href='/sikdatnes/']/text()") == ["Sīkdatņu iestatījumi"] * len(
        document.xpath("//article//a[@href='/sikdatnes/']")
    )


def test_a_policy_with_the_declaration_stands_while_the_registry_is_incomplete(second_in_force: PolicyVersion) -> None:
    CookieGroup.objects.get(varname="hotjar").text.delete()
    registry.forget()
    response = Client().get("/privatuma-politika/")
    assert response.status_code == 200
    assert "Sīkdatņu sarakstu pašlaik nevar parādīt." in response.content.decode()
