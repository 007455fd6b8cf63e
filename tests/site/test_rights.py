"""Ways around a role: lists, filters, actions, and one's own account."""

from typing import Any

import pytest
from django.contrib.auth.models import Group, Permission, User
from django.contrib.contenttypes.models import ContentType
from django.test import Client
from lxml import html

from consent.models import ConsentRecord, CspReport
from privacy.models import PolicyText, PolicyVersion
from tests.site.test_roles import staff, world  # noqa: F401 - fixtures

pytestmark = pytest.mark.once

Staff = dict[str, Client]
VERSIONS, RECORDS, ACCOUNTS = "/admin/privacy/policyversion/", "/admin/consent/consentrecord/", "/admin/auth/user/"


def links(response: Any) -> set[str]:
    return set(html.fromstring(response.content.decode()).xpath("//main//@href"))


def test_nobody_raises_their_own_rights(world: None, staff: Staff) -> None:  # noqa: F811
    for letter in "NEPOA":
        person = User.objects.get(username=letter)
        before = set(person.groups.all())
        address = f"{ACCOUNTS}{person.pk}/change/"
        rights = {"username": letter, "is_staff": "on", "is_superuser": "on", "is_active": "on"}
        more = {"groups": list(Group.objects.values_list("pk", flat=True)), "user_permissions": [1, 2, 3]}
        assert staff[letter].post(address, rights | more).status_code == 403
        assert staff[letter].post("/admin/password_change/", rights | more).status_code == 200
        person.refresh_from_db()
        assert not person.is_superuser
        assert set(person.groups.all()) == before


def test_permissions_on_accounts_and_roles_give_nothing(world: None, staff: Staff) -> None:  # noqa: F811
    owner, role = User.objects.get(username="S"), Group.objects.get(name="Policy editors")
    passwords = {"password1": "garām pa ielu gāja kaķis", "password2": "garām pa ielu gāja kaķis"}
    before = owner.password
    assert staff["A"].post(f"{ACCOUNTS}{owner.pk}/password/", passwords).status_code == 403
    chosen = {"action": "delete_selected", "_selected_action": [owner.pk], "post": "yes"}
    assert staff["A"].post(ACCOUNTS, chosen).status_code == 403
    all_of_them = {"name": role.name, "permissions": list(Permission.objects.values_list("pk", flat=True))}
    assert staff["A"].post(f"/admin/auth/group/{role.pk}/change/", all_of_them).status_code == 403
    assert staff["A"].post(f"{ACCOUNTS}add/", {"username": "Mine"} | passwords).status_code == 403
    owner.refresh_from_db()
    assert owner.password == before
    assert role.permissions.count() < Permission.objects.count()
    assert not User.objects.filter(username="Mine").exists()
    assert not any(link.startswith("/admin/auth/") for link in links(staff["A"].get("/admin/")))


@pytest.mark.parametrize(
    ("letter", "address"),
    [
        ("E", f"{VERSIONS}?edited_by__password__startswith=p"),
        ("E", f"{VERSIONS}?published_by__is_superuser__exact=1"),
        ("P", f"{VERSIONS}?texts__body__contains=x"),
        ("E", f"{VERSIONS}?consentrecord__language=lv"),
        ("O", f"{RECORDS}?policy_version__published_by__password__startswith=p"),
        ("O", f"{RECORDS}export/json/?policy_version__published_by__password__startswith=p"),
        ("O", "/admin/consent/grantsended/?ended_by__password__startswith=p"),
        ("E", f"{VERSIONS}?_to_field=edited_by&_popup=1"),
        ("E", f"{VERSIONS}?_to_field=texts"),
        ("O", f"{RECORDS}?_to_field=subject_id&_popup=1"),
        ("S", f"{ACCOUNTS}?_to_field=password&_popup=1"),
        ("S", f"{ACCOUNTS}?_to_field="),
    ],
)
def test_a_list_answers_no_question_about_other_tables(
    world: None,  # noqa: F811
    staff: Staff,  # noqa: F811
    letter: str,
    address: str,
) -> None:
    assert staff[letter].get(address).status_code == 400


@pytest.mark.parametrize("query", ["_popup=1", "_popup=1&_to_field=id", "_changelist_filters=a", "all=", "o=1.2"])
def test_a_popup_shows_no_more_than_the_page(world: None, staff: Staff, query: str) -> None:  # noqa: F811
    for letter, address in (("P", RECORDS), ("N", VERSIONS), ("E", ACCOUNTS), ("A", ACCOUNTS), ("E", RECORDS)):
        assert staff[letter].get(f"{address}?{query}").status_code == 403


def test_actions_of_a_list_go_no_further_than_the_pages(world: None, staff: Staff) -> None:  # noqa: F811
    versions = list(PolicyVersion.objects.values_list("pk", flat=True))
    chosen = {"action": "delete_selected", "post": "yes", "select_across": "1"}
    for letter in "NEPOAS":
        staff[letter].post(VERSIONS, chosen | {"_selected_action": versions})
        staff[letter].post(RECORDS, chosen | {"_selected_action": [str(ConsentRecord.objects.get().pk)]})
    assert PolicyVersion.objects.count() == len(versions)
    assert ConsentRecord.objects.count() == 1
    reports = {"_selected_action": [CspReport.objects.get().pk]}
    for letter in "NEP":
        staff[letter].post("/admin/consent/cspreport/", chosen | reports)
    assert CspReport.objects.count() == 1
    staff["O"].post("/admin/consent/cspreport/", chosen | reports)
    assert not CspReport.objects.exists()


def test_a_list_cannot_be_edited_in_place(world: None, staff: Staff) -> None:  # noqa: F811
    before = list(PolicyVersion.objects.values())
    rows = {"form-TOTAL_FORMS": "1", "form-INITIAL_FORMS": "1", "form-0-id": "1", "form-0-number": "9", "_save": "x"}
    for letter in "EPAS":
        staff[letter].post(VERSIONS, rows)
    assert list(PolicyVersion.objects.values()) == before


def test_an_editor_sends_in_no_fact_of_a_version(world: None, staff: Staff) -> None:  # noqa: F811
    draft = PolicyVersion.objects.get(number=2)
    text = draft.texts.get()
    sent = {"title_lv": "Cits", "body_lv": text.body, "opened_revision": draft.revision}
    facts = {"number": "9", "published_at": "2026-01-01", "effective_at_0": "01.01.2026", "is_material": "on"}
    response = staff["E"].post(f"{VERSIONS}{draft.pk}/change/", sent | facts | {"published_by": "1", "revision": "7"})
    assert response.status_code == 302
    draft.refresh_from_db()
    assert (draft.number, draft.published_at, draft.effective_at, draft.is_material) == (2, None, None, False)
    assert (draft.revision, str(draft.edited_by)) == (1, "E")


def test_a_save_is_shown_and_restored_only_with_its_own_version(world: None, staff: Staff) -> None:  # noqa: F811
    draft, third = PolicyVersion.objects.get(number=2), PolicyVersion.objects.get(number=3)
    save = PolicyText.history.filter(version_id=third.pk).latest().pk
    assert staff["E"].get(f"{VERSIONS}{draft.pk}/saves/{save}/").status_code == 404
    assert staff["E"].post(f"{VERSIONS}{draft.pk}/saves/{save}/", {"revision": "0"}).status_code == 404


def test_addresses_that_no_page_leads_to_are_gone(world: None, staff: Staff) -> None:  # noqa: F811
    draft = PolicyVersion.objects.get(number=2)
    kind = ContentType.objects.get_for_model(PolicyVersion).pk
    search = "?app_label=privacy&model_name=policyversion&field_name=edited_by&term=a"
    for letter in "NEPOAS":
        assert staff[letter].get(f"/admin/r/{kind}/{draft.pk}/").status_code == 404
        assert staff[letter].get(f"/admin/autocomplete/{search}").status_code == 404


@pytest.mark.parametrize("letter", "NEPO")
def test_the_start_page_leads_only_where_the_role_may_go(world: None, staff: Staff, letter: str) -> None:  # noqa: F811
    for link in links(staff[letter].get("/admin/")):
        if link.startswith("/admin/"):
            assert staff[letter].get(link).status_code in {200, 302}, link


def test_the_preview_of_a_draft_is_no_public_page(world: None, staff: Staff) -> None:  # noqa: F811
    draft = PolicyVersion.objects.get(number=2)
    for address in ("", "izmainas/", "../2.json"):
        assert Client().get(f"/privatuma-politika/versijas/2/{address}").status_code == 404
    preview = staff["E"].get(f"{VERSIONS}{draft.pk}/preview/lv/")
    assert "no-store" in preview.headers["Cache-Control"]
    assert preview.headers["X-Robots-Tag"] == "noindex"


@pytest.mark.parametrize("row", ["abc", "\x00", "9" * 30, "-1", "1.5", ""])
@pytest.mark.parametrize("address", [ACCOUNTS, "/admin/consent/cspreport/", VERSIONS])
def test_a_row_that_cannot_be_ticked_is_refused(staff: Staff, address: str, row: str) -> None:  # noqa: F811
    chosen = {"action": "delete_selected", "_selected_action": row, "post": "yes"}
    assert staff["S"].post(address, chosen).status_code == 400


def test_a_new_account_has_one_field_that_is_gone_to_and_by_the_script_alone(world: None, staff: Staff) -> None:  # noqa: F811
    page = html.fromstring(staff["S"].get(f"{ACCOUNTS}add/").content.decode())
    assert page.xpath("//input[@name='username']")
    assert page.xpath("//@autofocus") == []
    (script,) = page.xpath("//script[@data-model-name]")
    assert script.get("src").startswith("/static/admin/js/change_form")
