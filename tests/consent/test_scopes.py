"""Asked again when the processing changes, for that category only; never for better words."""

from typing import Any

import pytest
from cookie_consent.models import Cookie, CookieGroup
from django.db.models import F
from django.test import Client
from lxml import html

from consent import disclosures, registry
from consent.disclosures import Shown
from consent.models import CategoryText, ConsentRecord, CookieDeclaration, Disclosure, ServiceText
from tests.consent.decide import decide

CHANGES = {
    "a cookie more": lambda: declare("_ga_new"),
    "a cookie less": lambda: Cookie.objects.get(name="_ga_*").delete(),
    "another name": lambda: Cookie.objects.filter(name="_ga").update(name="_gb"),
    "another domain": lambda: Cookie.objects.filter(name="_ga").update(domain="example.org"),
    "another provider": lambda: CookieDeclaration.objects.filter(cookie__name="_ga").update(provider="X"),
    "another party": lambda: CookieDeclaration.objects.filter(cookie__name="_ga").update(party="third"),
    "another recipient": lambda: ServiceText.objects.filter(service="google-analytics").update(provider="X"),
    "ended by staff": lambda: CategoryText.objects.filter(group__varname="analytics").update(epoch=F("epoch") + 1),
}
WORDINGS = {
    "a purpose": lambda: CookieDeclaration.objects.filter(cookie__name="_ga").update(purpose_lv="X"),
    "a duration": lambda: CookieDeclaration.objects.filter(cookie__name="_ga").update(duration_en="X"),
    "a name": lambda: CategoryText.objects.filter(group__varname="analytics").update(name_lv="X"),
    "a description": lambda: ServiceText.objects.filter(service="google-analytics").update(description_lv="X"),
    "an address": lambda: ServiceText.objects.filter(service="google-analytics").update(privacy_url="https://x.org"),
    "another category": lambda: ServiceText.objects.filter(service="hotjar").update(provider="X"),
}


def declare(name: str) -> None:
    cookie = Cookie.objects.create(cookiegroup=CookieGroup.objects.get(varname="analytics"), name=name)
    texts = {f"{name}_{language}": "x" for name in ("purpose", "duration") for language in ("lv", "en")}
    CookieDeclaration.objects.create(cookie=cookie, service="google-analytics", provider="G", party="first", **texts)


def scope() -> str:
    return registry.read_scopes()["analytics"]


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES.keys())
def test_what_a_grant_covers_has_a_fingerprint(site: None, change: Any) -> None:
    before = scope()
    change()
    assert scope() != before


@pytest.mark.parametrize("change", WORDINGS.values(), ids=WORDINGS.keys())
def test_words_do_not_change_what_a_grant_covers(site: None, change: Any) -> None:
    before = scope()
    change()
    assert scope() == before


def test_the_order_in_which_cookies_were_declared_does_not_matter(site: None) -> None:
    before = scope()
    first = Cookie.objects.get(name="_ga")
    declaration = first.declaration
    first.pk = None
    first.name = "_ga_tmp"
    first.save()
    declaration.pk, declaration.cookie = None, first
    declaration.save()
    Cookie.objects.get(name="_ga").delete()
    Cookie.objects.filter(pk=first.pk).update(name="_ga")
    assert scope() == before


def banner(client: Client) -> str:
    document = html.fromstring(client.get("/").content.decode())
    return " ".join(document.xpath("string(//section[@aria-labelledby='banner-heading'])").split())


@pytest.fixture
def changed_after_accepting(visitor: Client, shown: Shown) -> None:
    """A visitor who allowed everything before a cookie was added to analytics."""
    decide(visitor, "accept_all", disclosure=shown.sha256)
    assert banner(visitor) == ""
    declare("_ga_new")
    disclosures.forget()


def sha256_on(client: Client, address: str = "/") -> str:
    document = html.fromstring(client.get(address).content.decode())
    return str(document.xpath("//input[@name='disclosure']/@value")[0])


def test_only_the_changed_category_is_asked_for_and_switched_off(
    visitor: Client, changed_after_accepting: None
) -> None:
    asked = banner(visitor)
    assert "analītikai (Google Analytics)" in asked
    assert "Facebook" not in asked
    assert "pārējās jūsu izvēles paliek spēkā" in asked
    document = html.fromstring(visitor.get("/").content.decode())
    assert document.xpath("//script/@data-id") == ["1234567890", "12345"]


def test_refusing_what_is_asked_again_leaves_the_rest(visitor: Client, changed_after_accepting: None) -> None:
    decide(visitor, "reject_all", disclosure=sha256_on(visitor))
    record = ConsentRecord.objects.first()
    assert record
    assert record.asked == ["analytics"]
    assert record.grants == {"analytics": False, "facebook": True, "hotjar": True}
    assert record.event == "refused"
    assert record.disclosure
    assert banner(visitor) == ""
    document = html.fromstring(visitor.get("/").content.decode())
    assert document.xpath("//script/@data-id") == ["1234567890", "12345"]


def test_accepting_what_is_asked_again_does_not_renew_the_rest(visitor: Client, changed_after_accepting: None) -> None:
    from consent import cookie

    before = cookie.decode(visitor.cookies["consent"].value)
    decide(visitor, "accept_all", disclosure=sha256_on(visitor))
    after = cookie.decode(visitor.cookies["consent"].value)
    assert before
    assert after
    assert after.answers["facebook"] == before.answers["facebook"]
    assert after.answers["analytics"].decided_at > before.answers["analytics"].decided_at
    assert after.answers["analytics"].scope != before.answers["analytics"].scope
    record = ConsentRecord.objects.first()
    assert record
    assert (record.asked, record.event) == (["analytics"], "given")


def test_no_to_an_older_page_with_fewer_questions_is_about_those(
    visitor: Client, changed_after_accepting: None
) -> None:
    partial = sha256_on(visitor)
    CookieDeclaration.objects.filter(cookie__name="_ga").update(purpose_lv="Labāki vārdi.")
    disclosures.forget()
    decide(visitor, "reject_all", disclosure=partial)
    record = ConsentRecord.objects.first()
    assert record
    assert record.disclosure_id == partial
    assert record.asked == ["analytics"]
    assert record.grants["facebook"] is True


def test_a_refusal_stays_when_the_processing_changes(visitor: Client) -> None:
    decide(visitor, "reject_all")
    declare("_ga_new")
    disclosures.forget()
    assert banner(visitor) == ""


def test_a_change_taken_back_brings_the_grant_back(visitor: Client, shown: Shown) -> None:
    decide(visitor, "accept_all", disclosure=shown.sha256)
    cookies = Cookie.objects.filter(name="_ga")
    cookies.update(domain="example.org")
    disclosures.forget()
    assert banner(visitor)
    cookies.update(domain="")
    disclosures.forget()
    assert banner(visitor) == ""


def test_words_on_a_screen_can_be_shown_again_even_when_nobody_agreed_to_them(visitor: Client) -> None:
    seen = sha256_on(visitor)
    CookieDeclaration.objects.filter(cookie__name="_ga").update(purpose_lv="Cits nolūks.")
    disclosures.forget()
    decide(visitor, "reject_all", disclosure=seen)
    assert ConsentRecord.objects.get().disclosure_id == seen
    assert Disclosure.objects.filter(pk=seen).exists()


def test_a_grant_left_standing_on_an_older_page_is_kept_and_not_renewed(visitor: Client, shown: Shown) -> None:
    from consent import cookie

    decide(visitor, "accept_all", disclosure=shown.sha256)
    before = cookie.decode(visitor.cookies["consent"].value)
    CookieDeclaration.objects.filter(cookie__name="_ga").update(purpose_lv="Labāki vārdi.")
    disclosures.forget()
    assert decide(visitor, "save", "analytics", "hotjar", disclosure=shown.sha256).status_code == 303
    after = cookie.decode(visitor.cookies["consent"].value)
    assert before
    assert after
    assert after.answers["analytics"] == before.answers["analytics"]
    record = ConsentRecord.objects.first()
    assert record
    assert record.event == "withdrawn"
    assert record.grants == {"analytics": True, "facebook": False, "hotjar": True}
    assert decide(visitor, "save", "facebook", disclosure=shown.sha256).status_code == 409


def test_a_category_that_is_gone_from_the_database_grants_nothing(visitor: Client, shown: Shown) -> None:
    decide(visitor, "accept_all", disclosure=shown.sha256)
    CookieGroup.objects.get(varname="hotjar").delete()
    disclosures.forget()
    response = visitor.get("/")
    assert response.status_code == 200
    assert "data-id" not in response.content.decode()
    assert not response.cookies


def test_a_service_without_a_text_is_not_asked_for(visitor: Client) -> None:
    ServiceText.objects.get(service="hotjar").delete()
    disclosures.forget()
    assert visitor.get("/sikdatnes/").status_code == 503
    assert str(ServiceText.objects.first()) == "Google Analytics"
