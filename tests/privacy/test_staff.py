"""Staff write a draft, compare, preview, publish and call back, each with no more than their role allows."""

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Group, User
from django.test import Client
from django.utils import timezone
from lxml import html
from pytest_django import DjangoAssertNumQueries

from privacy.models import PolicyText, PolicyVersion, State
from privacy.publishing import Publication, publish

LIST = "/admin/privacy/policyversion/"
PUBLISH = {"summary_lv": "Jauns.", "effective_at_0": "", "effective_at_1": ""}


def staff(name: str, *groups: str) -> Client:
    person = User.objects.create_user(name, is_staff=True)
    person.groups.set(Group.objects.filter(name__in=groups))
    client = Client(headers={"Sec-Fetch-Site": "same-origin"})
    client.force_login(person)
    return client


@pytest.fixture
def editor(site: None) -> Client:
    return staff("Anna", "Policy editors")


@pytest.fixture
def publisher(site: None) -> Client:
    return staff("Bruno", "Policy publishers")


@pytest.fixture
def officer(site: None) -> Client:
    return staff("Dace", "Privacy officers")


def address(version: PolicyVersion, page: str = "change") -> str:
    return f"{LIST}{version.pk}/{page}/"


def document(response: Any) -> Any:
    return html.fromstring(response.content.decode())


def words(response: Any) -> str:
    return " ".join(document(response).xpath("string(//body)").split())


def sent(version: PolicyVersion, **changes: Any) -> dict[str, Any]:
    version.refresh_from_db()
    text = version.texts.get(language="lv")
    fields = {"title_lv": text.title, "body_lv": text.body, "title_en": "", "body_en": ""}
    return {**fields, "opened_revision": version.revision, **changes}


def errors(response: Any) -> list[str]:
    return [
        " ".join(item.text_content().split())
        for item in document(response).xpath("//ul[contains(@class, 'errorlist')]/li")
    ]


def test_a_new_draft_begins_with_the_version_in_force_or_with_any_other(editor: Client) -> None:
    page = document(editor.get(f"{LIST}add/"))
    (chosen,) = page.xpath("//select[@name='source']/option[@selected]/@value")
    assert PolicyVersion.objects.get(pk=chosen).number == 1
    assert editor.post(f"{LIST}add/", {"source": "999"}).status_code == 200
    response = editor.post(f"{LIST}add/", {"source": chosen}, follow=True)
    assert "Jauns melnraksts no 1. versijas." in words(response)
    draft = PolicyVersion.objects.get(number=3)
    assert draft.texts.get().body == PolicyText.objects.get(version__number=1).body
    assert LogEntry.objects.get().change_message == "Jauns melnraksts no 1. versijas."


def test_a_saved_draft_is_cleaned_kept_in_history_and_logged(editor: Client, ready_draft: PolicyVersion) -> None:
    body = '<h1 class="x">Sadaļa</h1><p style="color:red" onclick="x()">Vārdi <b>trekni</b></p>'
    response = editor.post(address(ready_draft), sent(ready_draft, body_lv=body, title_en="Policy", body_en="<p>x</p>"))
    assert response.status_code == 302
    ready_draft.refresh_from_db()
    assert ready_draft.texts.get(language="lv").body == "<h2>Sadaļa</h2>\n<p>Vārdi <strong>trekni</strong></p>"
    assert ready_draft.texts.get(language="en").title == "Policy"
    assert ready_draft.revision == 1
    assert str(ready_draft.edited_by) == "Anna"
    assert str(PolicyText.history.first().history_user) == "Anna"
    assert LogEntry.objects.get().object_id == str(ready_draft.pk)
    editor.post(address(ready_draft), sent(ready_draft))
    assert not ready_draft.texts.filter(language="en").exists()
    editor.post(address(ready_draft), sent(ready_draft))
    ready_draft.refresh_from_db()
    assert ready_draft.revision == 2, "a save that changes nothing is no revision"


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("body_lv", "<p>{{ company.fax }}</p>", "company.fax"),
        ("body_lv", '<p><a href="javascript:x">te</a></p>', "javascript:x"),
        ("body_lv", "<h2></h2><p>vārdi</p>", "Virsraksts pie „vārdi” ir tukšs."),
        ("body_lv", "<h3>a</h3><p>b</p>", "virs"),
        ("body_lv", "<h2>Viens</h2><h2>Viens</h2>", "„Viens”"),
        ("body_lv", "<p>a\u202eb</p>", "U+202E"),
        ("body_lv", "<p>a\0b</p>", "ulles"),
        ("body_lv", "<p>" + "a" * 512 * 1024 + "</p>", "KB"),
        ("body_lv", "   ", "nepieciešams"),
        ("body_lv", "<p> &nbsp; </p>", "nav neviena vārda"),
        ("title_lv", "{{ company.name }}", "company.name"),
        ("title_lv", "a\u202eb", "U+202E"),
        ("title_lv", "a" * 201, "200"),
        ("title_en", "Policy", "Angļu versijai"),
        ("body_en", "<p>Policy</p>", "Angļu versijai"),
        ("opened_revision", "x", "Jāievada vesels skaitlis."),
    ],
)
def test_bad_words_are_refused_beside_their_field_and_not_lost(
    editor: Client, ready_draft: PolicyVersion, field: str, value: str, said: str
) -> None:
    before = ready_draft.texts.get().body
    response = editor.post(address(ready_draft), sent(ready_draft, **{field: value}))
    assert response.status_code == 200
    assert any(said in error for error in errors(response)), errors(response)
    assert ready_draft.texts.get().body == before
    if field.startswith("body") and "\0" not in value:
        assert document(response).xpath(f"//textarea[@name='{field}']")[0].text_content().strip() == value.strip()


def test_the_second_of_two_editors_is_refused_and_both_texts_are_kept(
    editor: Client, ready_draft: PolicyVersion
) -> None:
    opened = sent(ready_draft)
    staff("Edgars", "Policy editors").post(address(ready_draft), opened | {"body_lv": "<p>Edgara vārdi</p>"})
    response = editor.post(address(ready_draft), opened | {"body_lv": "<p>Annas vārdi</p>"})
    assert any("to saglabāja Edgars" in error for error in errors(response))
    (shown,) = document(response).xpath("//section[contains(@class, 'conflict')]")
    assert "<del>Edgara</del> <ins>Annas</ins> vārdi" in html.tostring(shown, encoding="unicode")
    assert ready_draft.texts.get().body == "<p>Edgara vārdi</p>"
    again = {item.get("name"): item.get("value") or item.text for item in document(response).xpath("//form//*[@name]")}
    assert again["body_lv"].strip() == "<p>Annas vārdi</p>"
    assert (
        editor.post(
            address(ready_draft), sent(ready_draft) | {key: again[key] for key in ("body_lv", "opened_revision")}
        ).status_code
        == 302
    )
    assert ready_draft.texts.get().body == "<p>Annas vārdi</p>"
    assert "<p>Edgara vārdi</p>" in [save.body for save in PolicyText.history.filter(version_id=ready_draft.pk)]


def test_a_damaged_form_is_no_conflict(editor: Client, ready_draft: PolicyVersion) -> None:
    for damage in ({"opened_revision": "x"}, {"opened_revision": ""}):
        response = editor.post(address(ready_draft), sent(ready_draft, body_lv="<p>Annas vārdi</p>") | damage)
        assert "Veidlapa ceļā ir bojāta. Atveriet melnrakstu vēlreiz un atkārtojiet." in errors(response)
        assert "Annas vārdi" in response.content.decode()
        assert not document(response).xpath("//section[contains(@class, 'conflict')]")


def test_a_conflict_shows_titles_and_a_language_that_was_taken_out(editor: Client, ready_draft: PolicyVersion) -> None:
    editor.post(address(ready_draft), sent(ready_draft, title_en="Policy", body_en="<p>Words</p>"))
    opened = sent(ready_draft, title_en="Policy", body_en="<p>Words</p>")
    staff("Edgars", "Policy editors").post(address(ready_draft), sent(ready_draft, title_lv="Edgara"))
    response = editor.post(address(ready_draft), opened)
    latvian, english = document(response).xpath("//section[contains(@class, 'conflict')]")
    assert "<del>Edgara</del>" in html.tostring(latvian, encoding="unicode")
    assert english.xpath(".//ins/text()")[0] == "Policy"


def test_a_restored_save_is_checked_as_it_is_now(editor: Client, ready_draft: PolicyVersion) -> None:
    ready_draft.texts.update(body="<p>{{ gone.field }}</p>")
    PolicyText.objects.get(version=ready_draft).save()
    save = PolicyText.history.filter(version_id=ready_draft.pk).first()
    ready_draft.texts.update(body="<p>Cits</p>")
    response = editor.post(address(ready_draft, f"saves/{save.history_id}"), {"revision": 0}, follow=True)
    assert "gone.field" in words(response)
    assert editor.get(address(ready_draft, "preview/lv")).status_code == 200


def test_a_draft_without_latvian_has_no_preview(editor: Client, ready_draft: PolicyVersion) -> None:
    ready_draft.texts.update(language="en")
    assert editor.get(address(ready_draft, "preview/en")).status_code == 404


@pytest.mark.parametrize("day", ["01.01.0001", "31.12.9999"])
def test_a_year_that_must_be_a_typing_error_is_refused(publisher: Client, ready_draft: PolicyVersion, day: str) -> None:
    sent_in = PUBLISH | {"revision": 0, "effective_at_0": day, "effective_at_1": "00:00"}
    response = publisher.post(address(ready_draft, "publish"), sent_in)
    assert errors(response) == ["Pārbaudiet gadu."]
    (frame,) = document(response).xpath("//fieldset[@class='moment']/@aria-describedby")
    for fragment in frame.split():
        assert document(response).xpath(f"//*[@id='{fragment}']")


def test_a_date_is_taken_as_the_site_writes_it(publisher: Client, ready_draft: PolicyVersion) -> None:
    day = timezone.localdate() + timedelta(days=40)
    sent_in = PUBLISH | {"revision": 0, "effective_at_0": f"{day:%d.%m.%Y}.", "effective_at_1": "09:00"}
    assert publisher.post(address(ready_draft, "publish"), sent_in).status_code == 302
    ready_draft.refresh_from_db()
    assert ready_draft.effective_at
    assert timezone.localtime(ready_draft.effective_at).date() == day


@pytest.mark.parametrize("action", ["publish", "call-back"])
def test_what_cannot_be_logged_is_not_done(
    publisher: Client, ready_draft: PolicyVersion, monkeypatch: pytest.MonkeyPatch, action: str
) -> None:
    if action == "call-back":
        moment = timezone.now() + timedelta(days=1)
        publish(ready_draft, Publication(moment, is_material=False, summaries={"lv": "x"}), by=None)

    def crash(*args: object) -> None:
        raise RuntimeError("in the middle")

    monkeypatch.setattr("privacy.admin.PolicyVersionAdmin.log_change", crash)
    before = PolicyVersion.objects.values().get(pk=ready_draft.pk)
    with pytest.raises(RuntimeError, match="in the middle"):
        publisher.post(address(ready_draft, action), PUBLISH | {"revision": 0})
    assert PolicyVersion.objects.values().get(pk=ready_draft.pk) == before


def test_the_list_to_compare_with_costs_the_same_however_long_it_is(
    editor: Client, ready_draft: PolicyVersion, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    for number in range(10, 40):
        version = PolicyVersion.objects.create(number=number, effective_at=timezone.now())
        PolicyVersion.objects.filter(pk=version.pk).update(published_at=timezone.now())
    with django_assert_max_num_queries(20):
        assert editor.get(address(ready_draft, "compare")).status_code == 200


def test_a_text_full_of_diacritics_is_not_lost_on_its_way(editor: Client, ready_draft: PolicyVersion) -> None:
    response = editor.post(address(ready_draft), sent(ready_draft, body_lv="<p>" + "ā" * 450_000 + "</p>"))
    assert response.status_code == 200
    assert "atļauti ne vairāk kā 500 KB" in errors(response)[0].replace("\xa0", " ")


def test_a_draft_published_meanwhile_is_not_changed_and_the_words_are_not_lost(
    editor: Client, ready_draft: PolicyVersion
) -> None:
    opened = sent(ready_draft)
    publish(ready_draft, Publication(None, is_material=False, summaries={"lv": "x"}), by=None)
    response = editor.post(address(ready_draft), opened | {"body_lv": "<p>Annas vārdi</p>"})
    assert any("to publicēja" in error for error in errors(response))
    assert "Annas vārdi" in response.content.decode()


def test_every_save_can_be_compared_and_restored(editor: Client, ready_draft: PolicyVersion) -> None:
    before = ready_draft.texts.get().body
    editor.post(address(ready_draft), sent(ready_draft, body_lv="<p>Cits</p>"))
    listed = document(editor.get(address(ready_draft, "history")))
    links = [link for link in listed.xpath("//a/@href") if "/saves/" in link]
    assert len(links) >= 3
    page = editor.get(links[1])
    assert "Cits" in words(page)
    (revision,) = document(page).xpath("//input[@name='revision']/@value")
    assert editor.post(links[1], {"revision": "0"}).headers["Location"] == links[1]
    assert editor.post(links[1], {"revision": "x"}).headers["Location"] == links[1]
    assert "Pa to laiku" in words(editor.get(address(ready_draft)))
    response = editor.post(links[1], {"revision": revision}, follow=True)
    assert "saglabātais teksts" in words(response)
    assert ready_draft.texts.get().body == before.strip()
    assert "Abu versiju teksts ir vienāds." in words(editor.get(links[1]))
    assert editor.get(address(ready_draft, "saves/99999")).status_code == 404


def test_a_save_in_a_language_that_was_taken_out_can_be_looked_at(editor: Client, ready_draft: PolicyVersion) -> None:
    editor.post(address(ready_draft), sent(ready_draft, title_en="Policy", body_en="<p>English words</p>"))
    editor.post(address(ready_draft), sent(ready_draft))
    save = PolicyText.history.filter(version_id=ready_draft.pk, language="en").last()
    assert "English words" in words(editor.get(address(ready_draft, f"saves/{save.history_id}")))


def test_the_preview_is_the_real_page_for_staff_only_in_both_languages(
    editor: Client, visitor: Client, ready_draft: PolicyVersion
) -> None:
    response = editor.get(address(ready_draft, "preview/lv"))
    assert "Melnraksta priekšskatījums." in words(response)
    assert "2. versija, melnraksts." in words(response)
    assert "Noraidīt visas" in words(response)
    assert "no-store" in response.headers["Cache-Control"]
    assert response.headers["X-Robots-Tag"] == "noindex"
    english = editor.get(address(ready_draft, "preview/en"))
    assert "Preview of a draft." in words(english)
    assert "available in Latvian only" in words(english)
    assert english.headers["Content-Language"] == "en"
    assert document(english).xpath("//html/@lang") == ["en"]
    assert editor.get(address(ready_draft, "preview/de")).status_code == 404
    assert editor.get(f"{LIST}999/preview/lv/").status_code == 404
    assert "/login/" in visitor.get(address(ready_draft, "preview/lv")).headers["Location"]
    assert visitor.get("/privatuma-politika/versijas/2/").status_code == 404


def test_any_two_versions_can_be_compared(editor: Client, ready_draft: PolicyVersion) -> None:
    response = editor.get(address(ready_draft, "compare"))
    assert "Salīdzinājumā ar 1. versiju:" in words(response)
    assert document(response).xpath("//ins")
    first = PolicyVersion.objects.get(number=1)
    assert "Salīdzinājumā ar 2. versiju:" in words(editor.get(address(first, "compare")))
    assert "Nav ko salīdzināt." in words(editor.get(address(first, "compare"), {"with": "1"}))
    for nonsense in ("9", "x", "²"):
        assert editor.get(address(first, "compare"), {"with": nonsense}).status_code == 404


def test_an_english_text_that_only_one_version_has_is_all_new(editor: Client, ready_draft: PolicyVersion) -> None:
    editor.post(address(ready_draft), sent(ready_draft, title_en="Policy", body_en="<p>English words</p>"))
    page = document(editor.get(address(ready_draft, "compare"), {"with": "1"}))
    assert page.xpath("//section/h2/text()") == ["Latviešu", "English"]
    assert "English words" in "".join(page.xpath("//ins//text()"))


def test_the_draft_shows_what_the_check_finds_and_offers_the_merge_fields(editor: Client, site: None) -> None:
    response = editor.get(address(PolicyVersion.objects.get(number=2)))
    text = words(response)
    assert "[[jānorāda: reģistrācijas numurs]]" in text
    assert "{{ company.email }} e-pasts" in text
    assert document(response).xpath("//section[contains(@class, 'findings')]//tr[@class='to_be_judged']")
    first = words(editor.get(address(PolicyVersion.objects.get(number=1), "compare")))
    assert "VDAR pants" not in first


def test_publishing_shows_everything_and_puts_the_version_in_force(
    publisher: Client, editor: Client, ready_draft: PolicyVersion
) -> None:
    page = publisher.get(address(ready_draft, "publish"))
    for said in (
        "Kas notiks pēc tam",
        "Apmeklētājiem par sīkdatnēm vēlreiz nejautā",
        "VDAR pants",
        "Salīdzinājumā ar 1.",
    ):
        assert said in words(page)
    assert "Publicēt neļauj" not in words(page)
    response = publisher.post(
        address(ready_draft, "publish"), {**PUBLISH, "revision": 0, "is_material": "on"}, follow=True
    )
    assert "2. versija stājusies spēkā." in words(response)
    version = PolicyVersion.objects.get(number=2)
    assert version.state() is State.IN_FORCE
    assert version.is_material
    assert str(version.published_by) == "Bruno"
    assert LogEntry.objects.get().user == version.published_by
    assert "2. versija, spēkā no" in words(Client().get("/privatuma-politika/"))
    again = publisher.get(address(ready_draft, "publish"), follow=True)
    assert "Šī versija jau ir publicēta." in words(again)


def test_a_version_can_be_scheduled_and_called_back(publisher: Client, ready_draft: PolicyVersion) -> None:
    day = timezone.localtime() + timedelta(days=3)
    moment = {"effective_at_0": f"{day:%d.%m.%Y}", "effective_at_1": "09:00:00"}
    response = publisher.post(address(ready_draft, "publish"), {**PUBLISH, **moment, "revision": 0}, follow=True)
    assert "gaida stāšanos spēkā" in words(response)
    stored = PolicyVersion.objects.get(number=2).effective_at
    assert stored
    assert timezone.localtime(stored).strftime("%d.%m.%Y %H:%M") == f"{day:%d.%m.%Y} 09:00"
    assert "nestāsies spēkā" in words(publisher.get(address(ready_draft, "call-back")))
    assert "2. versija atsaukta." in words(publisher.post(address(ready_draft, "call-back"), follow=True))
    assert PolicyVersion.objects.get(number=2).state() is State.CANCELLED
    for ask in (publisher.post, publisher.get):
        assert "Atsaukt var tikai versiju" in words(ask(address(ready_draft, "call-back"), follow=True))
    assert [entry.change_message for entry in LogEntry.objects.order_by("pk")][-1] == "2. versija atsaukta."


def test_the_publisher_is_told_what_stands_in_the_way(publisher: Client, site: None) -> None:
    draft = PolicyVersion.objects.get(number=2)
    page = publisher.get(address(draft, "publish"))
    assert "Aizpildiet tukšo vietu: [[jānorāda: reģistrācijas numurs]]" in errors(page)
    past = {"effective_at_0": "01.01.2020", "effective_at_1": "09:00:00", "summary_lv": " "}
    refused = errors(publisher.post(address(draft, "publish"), {**past, "revision": 0}))
    assert "Spēkā stāšanās datums ir pagātnē. Pagātnē drīkst būt tikai pirmās versijas datums." in refused
    assert "Latviski aprakstiet, kas mainījies." in refused
    assert errors(publisher.post(address(draft, "publish"), {**PUBLISH, "effective_at_0": "x", "revision": 0}))
    assert not PolicyVersion.objects.get(number=2).is_published


def test_what_was_saved_after_the_publisher_looked_is_not_published(
    publisher: Client, editor: Client, ready_draft: PolicyVersion
) -> None:
    editor.post(address(ready_draft), sent(ready_draft, body_lv="<p>Vēl nelasīts</p>"))
    refused = errors(publisher.post(address(ready_draft, "publish"), {**PUBLISH, "revision": 0}))
    assert refused == ["Pēc šīs lapas atvēršanas melnraksts ir mainīts. Pirms publicēšanas izlasiet to vēlreiz."]
    assert not PolicyVersion.objects.get(number=2).is_published


def test_the_first_version_is_published_without_anything_to_compare_with(db: None) -> None:
    client = staff("Bruno", "Policy publishers", "Policy editors")
    version = PolicyVersion.objects.create(number=1)
    version.texts.create(language="lv", title="T", body="<p>b</p>")
    version.texts.create(language="en", title="T", body="<p>b</p>")
    assert "Nav ko salīdzināt." in words(client.get(address(version, "compare")))
    assert "summary_en" in client.get(address(version, "publish")).content.decode()
    client.post(address(version, "publish"), {"revision": 0, "summary_en": "First."})
    assert PolicyVersion.objects.get().state() is State.IN_FORCE
    assert PolicyText.objects.get(language="en").change_summary == "First."


def test_a_version_without_a_text_breaks_no_page(db: None) -> None:
    client = staff("Bruno", "Policy publishers", "Policy editors")
    version = PolicyVersion.objects.create(number=1)
    assert client.get(address(version, "preview/lv")).status_code == 404
    for page in ("change", "publish", "compare", "history"):
        assert client.get(address(version, page)).status_code == 200


@pytest.mark.parametrize(
    ("role", "allowed"),
    [
        ("Policy editors", {"change": 200, "compare": 200, "preview/lv": 200, "publish": 403, "call-back": 403}),
        ("Policy publishers", {"change": 200, "compare": 200, "preview/lv": 200, "publish": 200}),
        ("Privacy officers", {"change": 200, "compare": 200, "preview/lv": 200, "publish": 403, "call-back": 403}),
        ("none", {"change": 403, "compare": 403, "preview/lv": 403, "publish": 403, "history": 403}),
    ],
)
def test_each_role_sees_only_its_pages(ready_draft: PolicyVersion, role: str, allowed: dict[str, int]) -> None:
    client = staff("Egils", role)
    assert {page: client.get(address(ready_draft, page)).status_code for page in allowed} == allowed


def test_only_editors_write(publisher: Client, officer: Client, editor: Client, ready_draft: PolicyVersion) -> None:
    save = PolicyText.history.filter(version_id=ready_draft.pk).first()
    for client in (publisher, officer):
        assert client.post(address(ready_draft), sent(ready_draft, body_lv="<p>x</p>")).status_code == 403
        assert client.post(f"{LIST}add/", {"source": ready_draft.pk}).status_code == 403
        assert client.post(address(ready_draft, f"saves/{save.history_id}"), {"revision": 0}).status_code == 403
        assert client.get(address(ready_draft, f"saves/{save.history_id}")).status_code == 200
        assert not document(client.get(address(ready_draft))).xpath("//textarea")
    assert editor.post(address(ready_draft, "delete"), {"post": "yes"}).status_code == 403


def test_a_published_version_can_be_read_and_not_be_written_or_deleted(ready_draft: PolicyVersion) -> None:
    first = PolicyVersion.objects.get(number=1)
    root = Client(headers={"Sec-Fetch-Site": "same-origin"})
    root.force_login(User.objects.create_superuser("root"))
    page = root.get(address(first))
    assert not document(page).xpath("//textarea")
    assert "/privatuma-politika/versijas/1/" in document(page).xpath("//a/@href")
    assert root.post(address(first, "delete"), {"post": "yes"}).status_code == 403
    save = PolicyText.history.filter(version_id=first.pk).first()
    assert root.post(address(first, f"saves/{save.history_id}"), {"revision": 0}).status_code == 403
    assert root.post(address(ready_draft, "delete"), {"post": "yes"}).status_code == 302
    assert not PolicyVersion.objects.filter(number=2).exists()
    assert PolicyText.history.filter(version_id=ready_draft.pk).exists(), "every save is kept"


def test_the_list_costs_the_same_however_many_versions(
    editor: Client, ready_draft: PolicyVersion, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for number in range(10, 40):
        PolicyVersion.objects.create(number=number)
    with django_assert_num_queries(8):
        page = words(editor.get(LIST))
    assert "spēkā" in page
    assert page.count("melnraksts") == 31
