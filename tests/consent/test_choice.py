"""The choice: one POST, one committed record, then the cookie, then back."""

import json
import re
import uuid
from datetime import UTC, datetime, timedelta
from hashlib import sha256

import pytest
import time_machine
from django.db import DatabaseError
from django.test import Client
from lxml import html

from consent import cookie
from consent.disclosures import Shown, current
from consent.models import ConsentRecord, CookieDeclaration, Disclosure
from tests.consent.decide import decide

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
ALL = {"analytics": True, "facebook": True, "hotjar": True}
NONE = dict.fromkeys(ALL, False)


@pytest.mark.parametrize(
    ("decision", "ticked", "grants", "event", "control"),
    [
        ("accept_all", (), ALL, "given", "banner_accept"),
        ("reject_all", (), NONE, "refused", "banner_reject"),
        ("save", ("facebook",), NONE | {"facebook": True}, "partly_given", "settings"),
        ("save", tuple(ALL), ALL, "given", "settings"),
        ("save", (), NONE, "refused", "settings"),
        ("withdraw", (), NONE, "refused", "withdrawal"),
    ],
)
def test_each_decision_is_one_row_that_says_what_was_decided(
    visitor: Client,
    shown: Shown,
    decision: str,
    ticked: tuple[str, ...],
    grants: dict[str, bool],
    event: str,
    control: str,
) -> None:
    with time_machine.travel(NOW, tick=False):
        response = decide(visitor, decision, *ticked, disclosure=shown.sha256, next_="/kontakti/?utm=1")
    assert response.status_code == 303
    row = ConsentRecord.objects.get()
    assert row.grants == grants
    assert row.event == event
    assert row.control == control
    assert row.decided_at == NOW
    assert row.valid_until == NOW + timedelta(days=182)
    assert row.language == "lv"
    assert row.jurisdiction == "LV"
    assert row.path == "/kontakti/"
    assert row.policy_version == shown.policy_version
    assert row.policy_sha256 == shown.policy_sha256
    assert row.disclosure_id == shown.sha256
    assert row.previous is None
    assert row.gpc is False
    assert row.schema_version == 2
    assert row.asked == list(grants)
    assert row.subject_id.version == 4


def test_the_cookie_names_the_record_that_was_committed(visitor: Client, shown: Shown) -> None:
    decide(visitor, "save", "hotjar", disclosure=shown.sha256)
    row = ConsentRecord.objects.get()
    choice = cookie.decode(visitor.cookies["consent"].value)
    assert choice
    assert (choice.record_id, choice.subject_id) == (row.pk, row.subject_id)
    assert {category: answer.granted for category, answer in choice.answers.items()} == row.grants
    assert {answer.decided_at for answer in choice.answers.values()} == {row.decided_at}
    assert choice.answers["hotjar"].scope == row.scopes["hotjar"] == shown.scopes["hotjar"]


def test_the_stored_disclosure_is_what_was_on_the_screen_and_is_stored_once(visitor: Client, shown: Shown) -> None:
    decide(visitor, "accept_all", disclosure=shown.sha256)
    decide(visitor, "withdraw", disclosure=shown.sha256)
    stored = Disclosure.objects.get()
    assert sha256(stored.content.encode()).hexdigest() == stored.sha256 == shown.sha256
    content = json.loads(stored.content)
    assert content["controller"] == {"name": "SIA OSS Networks", "email": "info@ossnet.lv"}
    page = Client().get("/").content.decode()
    for words in (content["banner"]["heading"], content["banner"]["text"], content["banner"]["accept"]):
        assert words in page
    settings_page = Client().get("/sikdatnes/").content.decode()
    for category in content["categories"]:
        for words in (category["name"], category["purpose"], *(row["purpose"] for row in category["cookies"])):
            assert words in settings_page


def test_every_word_of_the_form_is_in_the_disclosure(visitor: Client, shown: Shown) -> None:
    disclosed: set[str] = set()

    def collect(value: object) -> None:
        if isinstance(value, dict):
            value = list(value.values())
        if isinstance(value, list):
            for part in value:
                collect(part)
        elif isinstance(value, str):
            disclosed.add(" ".join(value.split()))

    collect(shown.content)
    (form,) = html.fromstring(visitor.get("/sikdatnes/").content.decode()).xpath("//main//form")
    for state in form.xpath(".//p[@class='state']"):
        state.getparent().remove(state)
    text = " ".join(form.text_content().split())
    for words in sorted(disclosed, key=len, reverse=True):
        text = text.replace(words, " ")
    assert re.sub(r"[\s().–]", "", text) == ""


def test_a_later_decision_names_the_one_before_and_the_same_subject(visitor: Client, shown: Shown) -> None:
    decide(visitor, "accept_all", disclosure=shown.sha256)
    decide(visitor, "withdraw")
    second, first = ConsentRecord.objects.all()
    assert second.previous == first
    assert second.subject_id == first.subject_id
    assert second.event == "withdrawn"


def test_two_visitors_are_two_subjects(visitor: Client, shown: Shown) -> None:
    decide(visitor, "reject_all")
    visitor.cookies.clear()
    decide(visitor, "reject_all")
    assert len(set(ConsentRecord.objects.values_list("subject_id", flat=True))) == 2


def test_a_record_that_was_purged_is_still_named(visitor: Client, shown: Shown, guards_lifted: None) -> None:
    decide(visitor, "reject_all")
    first = ConsentRecord.objects.get()
    ConsentRecord.objects.all().delete()
    assert decide(visitor, "save", "hotjar", disclosure=shown.sha256).status_code == 303
    assert ConsentRecord.objects.get().previous_id == first.pk


def test_the_gpc_signal_is_noted(visitor: Client) -> None:
    visitor.defaults["HTTP_SEC_GPC"] = "1"
    decide(visitor, "reject_all")
    assert ConsentRecord.objects.get().gpc is True


def test_yes_to_words_that_have_changed_is_asked_again_and_not_recorded(visitor: Client, shown: Shown) -> None:
    CookieDeclaration.objects.filter(cookie__name="_ga").update(purpose_lv="Cits nolūks.")
    response = decide(visitor, "accept_all", disclosure=shown.sha256, next_="/kontakti/")
    assert response.status_code == 409
    assert "teksts par sīkdatnēm ir mainījies" in response.content.decode()
    assert "Cits nolūks." in response.content.decode()
    assert not ConsentRecord.objects.exists()
    assert not response.cookies
    page = html.fromstring(response.content.decode())
    (fresh,) = set(page.xpath("//main//input[@name='disclosure']/@value"))
    assert page.xpath("//main//input[@name='next']/@value") == ["/kontakti/"]
    assert decide(visitor, "accept_all", disclosure=fresh, next_="/kontakti/").status_code == 303


@pytest.mark.parametrize("disclosure", ["", "0" * 64, "A" * 64, "x", "\x00", "0" * 15_000])
def test_no_is_honoured_whatever_the_form_carries_and_yes_is_not(visitor: Client, disclosure: str) -> None:
    assert decide(visitor, "accept_all", disclosure=disclosure).status_code == 409
    assert decide(visitor, "save", "hotjar", disclosure=disclosure).status_code == 409
    assert not ConsentRecord.objects.exists()
    assert decide(visitor, "reject_all", disclosure=disclosure).status_code == 303
    assert ConsentRecord.objects.get().disclosure is None


def test_no_under_older_words_is_recorded_with_those_words(visitor: Client, shown: Shown) -> None:
    shown.store()
    CookieDeclaration.objects.filter(cookie__name="_ga").update(purpose_lv="Cits nolūks.")
    decide(visitor, "reject_all", disclosure=shown.sha256)
    assert ConsentRecord.objects.get().disclosure_id == shown.sha256


def test_a_grant_without_words_is_refused_by_the_database_too(shown: Shown) -> None:
    with pytest.raises(DatabaseError):
        ConsentRecord.objects.create(
            subject_id=uuid.uuid4(),
            event="given",
            control="banner_accept",
            decided_at=NOW,
            valid_until=NOW,
            grants=ALL,
            policy_version=shown.policy_version,
            policy_sha256=shown.policy_sha256,
            language="lv",
            path="/",
            gpc=False,
        )


@pytest.mark.parametrize(
    ("next_page", "location"),
    [
        ("/", "/#choice-saved"),
        ("/privatuma-politika/?a=1", "/privatuma-politika/?a=1#choice-saved"),
        ("/kontakti/#part", "/kontakti/#choice-saved"),
        ("/ā/", "/%C4%81/#choice-saved"),
        ("", "/sikdatnes/#choice-saved"),
    ],
)
def test_the_visitor_is_back_where_they_were(visitor: Client, next_page: str, location: str) -> None:
    assert decide(visitor, "reject_all", next_=next_page).headers["Location"] == location


def test_withdrawal_says_so(visitor: Client, shown: Shown) -> None:
    decide(visitor, "accept_all", disclosure=shown.sha256)
    assert decide(visitor, "withdraw", next_="/").headers["Location"] == "/#consent-withdrawn"
    assert "Piekrišana ir atsaukta." in visitor.get("/").content.decode()


def test_a_decision_in_english_is_recorded_in_english(visitor: Client) -> None:
    shown = current("en")
    assert shown
    response = decide(visitor, "accept_all", address="/en/cookies/", disclosure=shown.sha256)
    assert response.headers["Location"] == "/en/cookies/#choice-saved"
    row = ConsentRecord.objects.get()
    assert row.language == "en"
    assert json.loads(row.disclosure.content)["language"] == "en"  # type: ignore[union-attr]


def test_an_expired_choice_is_asked_again_and_injects_nothing(visitor: Client, shown: Shown) -> None:
    with time_machine.travel(NOW, tick=False) as clock:
        decide(visitor, "accept_all", disclosure=shown.sha256)
        visitor.cookies["consent"]["expires"] = ""
        clock.move_to(NOW + timedelta(days=181))
        page = visitor.get("/").content.decode()
        assert "data-id" in page
        assert "banner-heading" not in page
        clock.move_to(NOW + timedelta(days=183))
        page = visitor.get("/").content.decode()
        assert "data-id" not in page
        assert "banner-heading" in page


def test_records_and_disclosures_name_themselves(visitor: Client, shown: Shown) -> None:
    decide(visitor, "accept_all", disclosure=shown.sha256)
    row = ConsentRecord.objects.get()
    assert str(row) == row.number
    assert str(row.disclosure) == shown.sha256[:12]
