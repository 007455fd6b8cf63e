"""Staff change the registry knowing what follows, and find evidence without being able to touch it."""

import csv
import io
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from cookie_consent.models import Cookie, CookieGroup
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Group, Permission, User
from django.db.models import QuerySet
from django.test import Client
from django.utils import timezone
from lxml import html
from pytest_django import DjangoAssertNumQueries

from consent import disclosures, registry_pages
from consent.disclosures import Shown
from consent.evidence_pages import CHUNK
from consent.models import CategoryText, ConsentRecord, CookieDeclaration, Disclosure, GrantsEnded, ServiceText
from tests.consent.decide import decide

ADMIN = "/admin/consent/"


@pytest.fixture
def officer(site: None) -> Client:
    person = User.objects.create_user("Dace", is_staff=True)
    person.groups.set(Group.objects.filter(name="Privacy officers"))
    client = Client(headers={"Sec-Fetch-Site": "same-origin"})
    client.force_login(person)
    return client


def document(response: Any) -> Any:
    return html.fromstring(response.content.decode())


def words(response: Any) -> str:
    return " ".join(document(response).xpath("string(//body)").split())


def form_of(client: Client, address: str) -> dict[str, Any]:
    """What a browser would send in from the page's form, unchanged."""
    (form,) = document(client.get(address)).xpath("//form[contains(@id, '_form')]")
    return {name: value or "" for name, value in form.form_values()} | {"_save": "Saglabāt"}


def again(response: Any, consequence: str) -> dict[str, Any]:
    """What a browser would send in from the page that asks for the consequence."""
    (form,) = document(response).xpath("//main//form[@method='post']")
    fields: dict[str, Any] = {}
    for name, value in form.form_values():
        fields.setdefault(name, []).append(value)
    offered = form.xpath(".//button/@value")
    assert consequence in offered, offered
    return {**fields, "consequence": consequence}


def page_of(model: str, pk: int, page: str = "change") -> str:
    return f"{ADMIN}{model}/{pk}/{page}/"


def cookie_page(name: str = "_ga", page: str = "change") -> str:
    return page_of("declaredcookie", Cookie.objects.get(name=name).pk, page)


@pytest.fixture
def one_grant(visitor: Client, shown: Shown) -> None:
    decide(visitor, "accept_all", disclosure=shown.sha256)


def test_better_words_ask_nobody_again(officer: Client, one_grant: None) -> None:
    address = cookie_page()
    sent = form_of(officer, address) | {"declaration-0-purpose_lv": "Labāki vārdi."}
    response = officer.post(address, sent)
    assert "Tiks izbeigta 1 spēkā esoša piekrišana." in words(response)
    assert CookieDeclaration.objects.get(cookie__name="_ga").purpose_lv != "Labāki vārdi.", "only asked so far"
    assert not LogEntry.objects.exists()
    response = officer.post(address, again(response, "wording"), follow=True)
    assert "sekmīgi" in words(response)
    assert CookieDeclaration.objects.get(cookie__name="_ga").purpose_lv == "Labāki vārdi."
    assert not GrantsEnded.objects.exists()
    assert CategoryText.objects.get(group__varname="analytics").epoch == 1
    assert LogEntry.objects.count() == 1


def test_another_purpose_asks_again(officer: Client, visitor: Client, one_grant: None) -> None:
    address = page_of("category", CookieGroup.objects.get(varname="analytics").pk)
    response = officer.post(address, form_of(officer, address) | {"text-0-purpose_lv": "Kas cits."})
    officer.post(address, again(response, "ask-again"))
    ended = GrantsEnded.objects.get()
    assert (ended.category, ended.grants, str(ended.ended_by)) == ("analytics", 1, "Dace")
    assert ended.scope_before != ended.scope_after
    assert "analytics" in str(ended)
    assert "banner-heading" in visitor.get("/").content.decode()


def test_another_provider_asks_again_whatever_is_said(officer: Client, visitor: Client, one_grant: None) -> None:
    address = page_of("servicetext", ServiceText.objects.get(service="hotjar").pk)
    response = officer.post(address, form_of(officer, address) | {"provider": "Contentsquare"})
    assert "Mainās tas, kam apmeklētāji piekrita kategorijā Hotjar sīkdatnes" in words(response)
    assert document(response).xpath("//button[@name='consequence']/@value") == ["ask-again"]
    assert not document(response).xpath("//ul[@class='messagelist']"), "nothing was saved"
    lying = again(response, "ask-again") | {"consequence": "wording"}
    assert "Mainās tas" in words(officer.post(address, lying))
    assert ServiceText.objects.get(service="hotjar").provider == "Hotjar Limited"
    officer.post(address, again(response, "ask-again"))
    assert ServiceText.objects.get(service="hotjar").provider == "Contentsquare"
    assert GrantsEnded.objects.get().category == "hotjar"


def test_a_cookie_is_added_and_deleted_with_its_consequence(officer: Client, one_grant: None) -> None:
    group = CookieGroup.objects.get(varname="analytics").pk
    texts = {f"declaration-0-{name}_{code}": "x" for name in ("purpose", "duration") for code in ("lv", "en")}
    sent = {"cookiegroup": group, "name": "_gb", "domain": "", "_save": "1", **texts}
    sent |= {"declaration-0-service": "google-analytics", "declaration-0-provider": "G", "declaration-0-party": "first"}
    sent |= {"declaration-TOTAL_FORMS": 1, "declaration-INITIAL_FORMS": 0, "declaration-MIN_NUM_FORMS": 1}
    response = officer.post(f"{ADMIN}declaredcookie/add/", sent)
    assert "kategorijā Analītiskās sīkdatnes" in words(response)
    assert not Cookie.objects.filter(name="_gb").exists()
    officer.post(f"{ADMIN}declaredcookie/add/", again(response, "ask-again"))
    assert Cookie.objects.filter(name="_gb").exists()
    address = cookie_page("_gb", "delete")
    assert officer.get(address).status_code == 200
    response = officer.post(address, {"post": "yes"})
    assert Cookie.objects.filter(name="_gb").exists()
    officer.post(address, again(response, "ask-again"))
    assert not Cookie.objects.filter(name="_gb").exists()
    assert [ended.grants for ended in GrantsEnded.objects.all()] == [0, 1]


def test_a_cookie_without_a_declaration_is_not_saved(officer: Client) -> None:
    group = CookieGroup.objects.get(varname="analytics").pk
    sent = {"cookiegroup": group, "name": "_gb", "domain": "", "_save": "1", "consequence": "ask-again"}
    sent |= {"declaration-TOTAL_FORMS": 0, "declaration-INITIAL_FORMS": 0}
    assert officer.post(f"{ADMIN}declaredcookie/add/", sent).status_code == 200
    assert not Cookie.objects.filter(name="_gb").exists()
    person = User.objects.create_user("Half", is_staff=True)
    person.user_permissions.set(Permission.objects.filter(codename="add_declaredcookie"))
    half = Client(headers={"Sec-Fetch-Site": "same-origin"})
    half.force_login(person)
    response = half.post(f"{ADMIN}declaredcookie/add/", {"cookiegroup": group, "name": "_gb", "_save": "1"})
    assert "Atgriezieties un papildiniet to." in words(response)
    assert not document(response).xpath("//button[@name='consequence']")
    assert not Cookie.objects.filter(name="_gb").exists()


def test_a_change_by_somebody_else_meanwhile_is_asked_about_again(officer: Client, one_grant: None) -> None:
    address = cookie_page()
    response = officer.post(address, form_of(officer, address) | {"declaration-0-purpose_lv": "Kas cits."})
    agreed = again(response, "wording")
    ServiceText.objects.filter(service="hotjar").update(provider="Contentsquare")
    assert "Vēl nekas nav saglabāts." in words(officer.post(address, agreed))
    assert CookieDeclaration.objects.get(cookie__name="_ga").purpose_lv != "Kas cits."


def test_a_category_that_the_sender_makes_up_changes_nothing(officer: Client, one_grant: None) -> None:
    address = cookie_page()
    response = officer.post(address, form_of(officer, address) | {"declaration-0-purpose_lv": "Kas cits."})
    officer.post(address, again(response, "ask-again") | {"touched": ["facebook", "nonsense"]})
    assert [ended.category for ended in GrantsEnded.objects.all()] == ["analytics"]


def test_grants_that_staff_ended_stay_ended_when_the_change_is_taken_back(
    officer: Client, visitor: Client, one_grant: None
) -> None:
    address = page_of("servicetext", ServiceText.objects.get(service="hotjar").pk)
    for provider in ("Contentsquare", "Hotjar Limited"):
        response = officer.post(address, form_of(officer, address) | {"provider": provider})
        officer.post(address, again(response, "ask-again"))
    assert "banner-heading" in visitor.get("/").content.decode()
    assert [ended.grants for ended in GrantsEnded.objects.order_by("pk")] == [1, 0]


def test_only_answers_that_still_hold_are_counted(officer: Client, visitor: Client, shown: Shown) -> None:
    start = datetime(2026, 11, 23, 12, tzinfo=UTC)
    with time_machine.travel(start, tick=False) as clock:
        decide(visitor, "accept_all", disclosure=shown.sha256)
        visitor.cookies["consent"]["expires"] = ""
        clock.move_to(start + timedelta(days=181))
        CategoryText.objects.filter(group__varname="analytics").update(epoch=2)
        disclosures.forget()
        content = visitor.get("/").content.decode()
        partial = html.fromstring(content).xpath("//section[@class='banner']//input[@name='disclosure']/@value")[0]
        decide(visitor, "accept_all", disclosure=partial)
        assert [registry_pages.standing_grants(c) for c in ("analytics", "facebook")] == [1, 1]
        clock.move_to(start + timedelta(days=183))
        assert [registry_pages.standing_grants(c) for c in ("analytics", "facebook")] == [1, 0]


def test_our_own_cookies_are_no_grants(officer: Client) -> None:
    address = cookie_page("consent")
    response = officer.post(address, form_of(officer, address) | {"declaration-0-purpose_lv": "Labāki vārdi."})
    assert "no šī neviena piekrišana nav atkarīga" in words(response)
    assert document(response).xpath("//button[@name='consequence']/@value") == ["wording"]
    assert officer.post(address, again(response, "wording")).status_code == 302


@pytest.mark.parametrize("field", ["provider", "purpose_lv", "purpose_en", "duration_lv", "duration_en", "party"])
def test_no_blank_field_passes_the_form(officer: Client, field: str) -> None:
    address = cookie_page()
    for blank in ("", "  "):
        response = officer.post(address, form_of(officer, address) | {f"declaration-0-{field}": blank})
        assert document(response).xpath("//ul[contains(@class, 'errorlist')]")
        assert "consequence" not in response.content.decode()


def test_an_address_must_be_secure(officer: Client) -> None:
    address = page_of("servicetext", ServiceText.objects.get(service="hotjar").pk)
    response = officer.post(address, form_of(officer, address) | {"privacy_url": "http://hotjar.com/"})
    assert document(response).xpath("//ul[contains(@class, 'errorlist')]")
    assert ServiceText.objects.get(service="hotjar").privacy_url.startswith("https://")


def test_while_the_registry_is_incomplete_it_can_be_mended(officer: Client, one_grant: None) -> None:
    CookieDeclaration.objects.get(cookie__name="_hjCookieTest").delete()
    disclosures.forget()
    address = cookie_page("_hjCookieTest", "delete")
    response = officer.post(address, {"post": "yes"})
    assert "Tiks izbeigta 1 spēkā esoša piekrišana." in words(response)
    assert officer.post(address, again(response, "ask-again")).status_code == 302
    assert not Cookie.objects.filter(name="_hjCookieTest").exists()


def test_all_grants_of_a_category_can_be_ended_with_a_reason_that_is_kept(
    officer: Client, visitor: Client, one_grant: None
) -> None:
    pk = CookieGroup.objects.get(varname="facebook").pk
    assert page_of("category", pk, "end-grants") in officer.get(page_of("category", pk)).content.decode()
    address = page_of("category", pk, "end-grants")
    assert "Tiks izbeigta 1 spēkā esoša piekrišana." in words(officer.get(address))
    assert officer.post(address, {"reason": " "}).status_code == 200
    assert not GrantsEnded.objects.exists()
    response = officer.post(address, {"reason": "Līgums ir beidzies."}, follow=True)
    assert "Izbeigtas visas kategorijas facebook piekrišanas." in words(response)
    assert GrantsEnded.objects.get().reason == "Līgums ir beidzies."
    assert "Tiks izbeigtas 0 spēkā esošu piekrišanu." in words(officer.get(address))
    assert visitor.get("/").content.decode().count("data-id") == 2
    assert officer.get(page_of("category", 999, "end-grants")).status_code == 404
    necessary = CookieGroup.objects.get(varname="necessary").pk
    assert officer.get(page_of("category", necessary, "end-grants")).status_code == 404


@pytest.mark.parametrize("role", ["Policy editors", "Policy publishers"])
def test_other_roles_reach_nothing_of_it(visitor: Client, one_grant: None, role: str) -> None:
    person = User.objects.create_user("Anna", is_staff=True)
    person.groups.set(Group.objects.filter(name=role))
    visitor.force_login(person)
    record, disclosure = ConsentRecord.objects.get(), Disclosure.objects.get()
    group = CookieGroup.objects.get(varname="facebook").pk
    for address in (
        f"{ADMIN}consentrecord/",
        f"{ADMIN}consentrecord/export/csv/",
        f"{ADMIN}consentrecord/{record.pk}/change/",
        f"{ADMIN}disclosure/{disclosure.pk}/shown/",
        page_of("category", group, "end-grants"),
        page_of("category", group),
        cookie_page(),
    ):
        assert visitor.get(address).status_code == 403, address
        assert visitor.post(address, {"reason": "x"}).status_code == 403, address


def test_records_are_found_by_number_and_day_and_by_nothing_else(officer: Client, one_grant: None) -> None:
    record = ConsentRecord.objects.get()
    today = timezone.localdate()
    for term in (record.number, record.number.lower().replace("-", " "), f"{today:%d.%m.%Y}.", f"{today}", " "):
        assert record.number in words(officer.get(f"{ADMIN}consentrecord/", {"q": term})), term
    for term in ("0000-0000-0000", "01.01.2020", "31.02.2026", "0001-01-01", "9999-12-31", "31.12.9999", "analytics"):
        response = officer.get(f"{ADMIN}consentrecord/", {"q": term})
        assert response.status_code == 200
        assert record.number not in words(response), term


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("event=given", 1), ("event=refused", 0), ("control=banner_accept", 1), ("language=en", 0),
        ("granted=hotjar", 1), ("granted=necessary", 1), ("granted=x", 1),
    ],
)  # fmt: skip
def test_records_are_filtered(officer: Client, one_grant: None, query: str, found: int) -> None:
    rows = document(officer.get(f"{ADMIN}consentrecord/?{query}")).xpath("//table[@id='result_list']/tbody/tr")
    assert len(rows) == found


def test_a_record_leads_to_what_was_shown_and_to_the_policy(officer: Client, one_grant: None, shown: Shown) -> None:
    record = ConsentRecord.objects.get()
    page = document(officer.get(f"{ADMIN}consentrecord/{record.pk}/change/"))
    assert "/privatuma-politika/versijas/1/" in page.xpath("//a/@href")
    address = f"{ADMIN}disclosure/{shown.sha256}/shown/"
    assert address in page.xpath("//a/@href")
    response = officer.get(address)
    assert shown.content["banner"]["text"] in words(response)
    assert "no-store" in response.headers["Cache-Control"]
    assert address in officer.get(f"{ADMIN}disclosure/{shown.sha256}/change/").content.decode()
    for nowhere in ("0" * 64, "x"):
        assert officer.get(f"{ADMIN}disclosure/{nowhere}/shown/").status_code == 404
        assert officer.get(f"{ADMIN}disclosure/{nowhere}/change/").status_code == 302
    assert officer.get(f"{ADMIN}consentrecord/?decided_at__year=99999999").status_code == 302


def test_a_refusal_of_unknown_words_has_dashes(officer: Client, visitor: Client) -> None:
    decide(visitor, "reject_all", disclosure="0" * 64)
    row = ConsentRecord.objects.get()
    ConsentRecord.objects.create(
        subject_id=row.subject_id, event="refused", control="settings", decided_at=row.decided_at,
        valid_until=row.valid_until, grants={}, language="lv", gpc=False,
    )  # fmt: skip
    for record in ConsentRecord.objects.all():
        assert "–" in words(officer.get(f"{ADMIN}consentrecord/{record.pk}/change/"))


def exported(client: Client, address: str) -> str:
    response: Any = client.get(f"{ADMIN}consentrecord/export/{address}")
    assert response.streaming
    assert "attachment" in response.headers["Content-Disposition"]
    return b"".join(response.streaming_content).decode()


def test_a_filtered_set_is_exported_and_the_export_is_logged(
    officer: Client, visitor: Client, one_grant: None, shown: Shown
) -> None:
    decide(visitor, "withdraw")
    given = ConsentRecord.objects.get(event="given")
    (facts,) = json.loads(exported(officer, "json/?event=given"))
    assert facts["number"] == given.number
    assert facts["grants"] == given.grants
    assert facts["disclosure_id"] == shown.sha256
    assert facts["policy_version__number"] == 1
    assert facts["decided_at"] == given.decided_at.isoformat().replace("+00:00", "Z")
    text = exported(officer, "csv/")
    assert text.startswith("\ufeff")
    rows = list(csv.DictReader(io.StringIO(text.removeprefix("\ufeff"))))
    assert [row["event"] for row in rows] == ["withdrawn", "given"]
    assert json.loads(rows[1]["grants"]) == given.grants
    assert [entry.change_message for entry in LogEntry.objects.order_by("pk")] == [
        "Eksportēto ierakstu skaits: 1; formāts: json; filtrs: event=given",
        "Eksportēto ierakstu skaits: 2; formāts: csv; filtrs: –",
    ]
    assert json.loads(exported(officer, "json/?event=refused")) == []
    for query in ("event__foo=1", "gpc=x", "decided_at__gte=x", "decided_at__year=99999999", "event=%00"):
        response: Any = officer.get(f"{ADMIN}consentrecord/export/csv/?{query}")
        assert response.status_code == 400, query
    assert officer.get(f"{ADMIN}consentrecord/export/xml/").status_code == 404


def test_no_cell_is_a_formula(officer: Client, visitor: Client) -> None:
    decide(visitor, "reject_all", next_="/=1+1/")
    ConsentRecord.objects.create(
        subject_id="00000000-0000-4000-8000-000000000000", event="refused", control="settings",
        decided_at=timezone.now(), valid_until=timezone.now(), grants={}, language="lv", gpc=False, path="=1+1",
    )  # fmt: skip
    assert ",'=1+1," in exported(officer, "csv/")


def test_an_export_never_holds_all_rows_in_memory(
    officer: Client, one_grant: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    record = ConsentRecord.objects.get()
    rows: list[ConsentRecord] = []
    for _ in range(CHUNK + 1):
        copy = ConsentRecord(**{f.attname: getattr(record, f.attname) for f in record._meta.fields if f.name != "id"})
        copy.number = f"N{len(rows)}"
        rows.append(copy)
    ConsentRecord.objects.bulk_create(rows)
    taken = []
    iterator = QuerySet.iterator

    def counted(records: Any, chunk_size: int) -> Any:
        assert chunk_size == CHUNK
        for row in iterator(records, chunk_size=chunk_size):
            taken.append(row)
            yield row

    monkeypatch.setattr(QuerySet, "iterator", counted)
    response: Any = officer.get(f"{ADMIN}consentrecord/export/json/")
    parts = iter(response.streaming_content)
    assert json.loads(next(parts).decode() + "]")[0]["language"] == "lv"
    assert len(taken) == 1, "a row is taken when it is sent"
    assert sum(1 for _ in parts) == CHUNK + 2


def test_the_registry_and_the_records_keep_their_cost(
    officer: Client, one_grant: None, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    for model in ("category", "servicetext", "declaredcookie", "consentrecord", "disclosure", "grantsended", "purge"):
        with django_assert_max_num_queries(16):
            assert officer.get(f"{ADMIN}{model}/").status_code == 200


def test_a_cookie_without_a_category_is_refused_beside_its_field(officer: Client, one_grant: None) -> None:
    address = f"{ADMIN}declaredcookie/add/"
    response = officer.post(address, form_of(officer, address) | {"name": "x"})
    assert response.status_code == 200
    assert document(response).xpath("//div[contains(@class, 'field-cookiegroup')]//ul[contains(@class, 'errorlist')]")
