"""The registry: complete, loaded once, and shown as staff left it."""

import re
from io import StringIO

import pytest
from cookie_consent.models import Cookie, CookieGroup
from django.conf import settings as configured
from django.core.exceptions import ValidationError
from django.core.management import call_command
from django.db import IntegrityError, transaction
from django.test import Client
from pytest_django import Settings

from consent import registry, services
from consent.models import CategoryText, ConsentRecord, CookieDeclaration
from consent.services import ALL_SERVICES
from tests.consent.decide import decide


@pytest.mark.django_db
def test_loading_says_what_it_did_and_a_second_time_does_nothing() -> None:
    output = StringIO()
    call_command("load_registry", stdout=output)
    assert output.getvalue() == "Loaded 27 entries of the cookie registry\n"
    call_command("load_registry", stdout=output)
    assert output.getvalue().count("\n") == 1


def test_loading_again_keeps_what_staff_wrote(site: None) -> None:
    CookieDeclaration.objects.filter(cookie__name="_ga").update(purpose_lv="Mūsu vārdi.")
    call_command("load_registry")
    assert CookieDeclaration.objects.get(cookie__name="_ga").purpose_lv == "Mūsu vārdi."


def test_every_declared_first_party_cookie_is_removed_when_consent_ends(site: None) -> None:
    from fnmatch import fnmatchcase

    patterns = {service.slug: service.cookies for service in ALL_SERVICES}
    for row in CookieDeclaration.objects.exclude(service="").filter(party="first"):
        example = row.cookie.name.replace("*", "1")
        assert any(fnmatchcase(example, pattern) for pattern in patterns[row.service]), example


@pytest.mark.parametrize("field", ["provider", "purpose_lv", "purpose_en", "duration_lv", "duration_en", "party"])
def test_no_blank_field_passes_the_database(site: None, field: str) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        CookieDeclaration.objects.filter(cookie__name="_ga").update(**{field: ""})


@pytest.mark.parametrize("field", ["name_lv", "name_en", "purpose_lv", "purpose_en"])
def test_no_category_text_may_be_blank(site: None, field: str) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        CategoryText.objects.update(**{field: ""})


def test_a_necessary_cookie_needs_a_written_reason(site: None) -> None:
    row = CookieDeclaration.objects.get(cookie__name="consent")
    row.clean()
    CookieDeclaration.objects.get(cookie__name="_ga").clean()
    row.necessary_because_en = ""
    with pytest.raises(ValidationError) as error:
        row.clean()
    assert "necessary_because_lv" in error.value.message_dict
    with pytest.raises(IntegrityError), transaction.atomic():
        row.save()


def test_a_cookie_renamed_by_staff_does_not_come_back_with_the_next_start(site: None) -> None:
    Cookie.objects.filter(name="_hjTLDTest").update(name="_hjOther")
    Cookie.objects.filter(name="_hjCookieTest").delete()
    call_command("load_registry")
    assert not Cookie.objects.filter(name__in=["_hjTLDTest", "_hjCookieTest"]).exists()


def test_a_cookie_cannot_hide_in_the_category_of_another_service(visitor: Client) -> None:
    row = CookieDeclaration.objects.get(cookie__name="_fbp")
    row.cookie.cookiegroup = CookieGroup.objects.get(varname="analytics")
    with pytest.raises(ValidationError, match="stāv tā pakalpojuma kategorijā"):
        row.clean()
    row.cookie.save()
    registry.forget()
    assert visitor.get("/sikdatnes/").status_code == 503


def test_no_latvian_number_is_parted_from_its_unit(site: None) -> None:
    for duration in CookieDeclaration.objects.values_list("duration_lv", flat=True):
        assert not re.search(r"\d \w", duration), duration


def test_only_offered_categories_are_shown(site: None, settings: Settings) -> None:
    settings.FACEBOOK_PIXEL_ID = ""
    assert [category.slug for category in registry.categories("lv")] == ["necessary", "analytics", "hotjar"]


def test_our_own_cookies_carry_their_prefix_under_https(site: None, settings: Settings) -> None:
    settings.COOKIE_PREFIX = "__Host-"
    necessary, analytics, *_ = registry.categories("en")
    assert [cookie.name for cookie in necessary.cookies] == ["__Host-consent", "__Host-sessionid", "__Host-csrftoken"]
    assert [cookie.name for cookie in analytics.cookies] == ["_ga", "_ga_*"]


def test_the_party_is_in_the_language_asked_for(site: None) -> None:
    assert registry.categories("en")[0].cookies[0].party == "first party"
    assert registry.categories("lv")[0].cookies[0].party == "pirmās puses"


def test_an_incomplete_registry_asks_nothing_grants_nothing_and_honours_a_refusal(visitor: Client) -> None:
    CookieGroup.objects.get(varname="hotjar").text.delete()
    registry.forget()
    assert "banner-heading" not in visitor.get("/").content.decode()
    assert visitor.get("/sikdatnes/").status_code == 503
    assert decide(visitor, "accept_all").status_code == 503
    assert not ConsentRecord.objects.exists()
    assert decide(visitor, "reject_all").status_code == 303
    assert "Jūsu izvēle ir saglabāta." in visitor.get("/").content.decode()


def test_a_cookie_that_was_moved_to_another_category_makes_the_registry_incomplete(site: None) -> None:
    Cookie.objects.filter(name="_ga").update(cookiegroup=CookieGroup.objects.get(varname="hotjar"))
    with pytest.raises(registry.RegistryIncomplete, match="category of another service"):
        registry.read("lv", services.offered())


def test_a_cookie_without_a_declaration_makes_the_registry_incomplete(site: None) -> None:
    CookieDeclaration.objects.get(cookie__name="_ga").delete()
    with pytest.raises(registry.RegistryIncomplete, match="no declaration"):
        registry.read("lv", services.offered())


@pytest.mark.django_db
def test_without_a_policy_in_force_nothing_is_asked() -> None:
    call_command("load_registry")
    assert "banner-heading" not in Client().get("/").content.decode()
    assert Client().get("/sikdatnes/").status_code == 503


def test_rows_name_themselves(site: None) -> None:
    assert str(CategoryText.objects.get(group__varname="analytics")) == "Analītiskās sīkdatnes"
    assert str(Cookie.objects.get(name="_ga").declaration) == "_ga"


def test_what_is_declared_of_the_session_of_staff_is_what_is_set(site: None) -> None:
    minutes = configured.SESSION_COOKIE_AGE // 60
    declared = CookieDeclaration.objects.get(cookie__name="sessionid")
    assert declared.duration_lv == f"{minutes}\xa0minūtes"
    assert declared.duration_en == f"{minutes}\xa0minutes"
