"""A draft becomes law, whole or not at all."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.utils import timezone
from pytest_django import Settings

from privacy.models import PolicyText, PolicyVersion, State
from privacy.publishing import Publication, cancel, publish

TOMORROW = timedelta(days=1)
EDITING = ("change", "view")
ALL_ACTIONS = ("add", "change", "delete", "view")


def publication(after: timedelta | None = None, summary: str = "Pievienotas sadaļas.") -> Publication:
    moment = None if after is None else timezone.now() + after
    return Publication(moment, is_material=True, summaries={"lv": summary})


def refusals(draft: PolicyVersion, what: Publication, by: User | None = None) -> list[str]:
    with pytest.raises(ValidationError) as error:
        publish(draft, what, by)
    assert not PolicyVersion.objects.get(pk=draft.pk).is_published
    return error.value.messages


def test_publishing_at_once_puts_the_draft_in_force_and_supersedes_the_one_before(ready_draft: PolicyVersion) -> None:
    version = publish(ready_draft, publication(), by=None)
    assert version.state() is State.IN_FORCE
    assert PolicyVersion.objects.get(number=1).state() is State.SUPERSEDED
    assert PolicyText.objects.get(version=version).change_summary == "Pievienotas sadaļas."


def test_publishing_for_a_date_schedules_and_calling_back_cancels(ready_draft: PolicyVersion) -> None:
    assert ready_draft.state() is State.DRAFT
    version = publish(ready_draft, publication(TOMORROW), by=None)
    assert version.state() is State.SCHEDULED
    assert version.state(timezone.now() + 2 * TOMORROW) is State.IN_FORCE
    assert list(PolicyVersion.objects.scheduled()) == [version]
    cancel(version)
    version.refresh_from_db()
    assert version.state() is State.CANCELLED
    in_force = PolicyVersion.objects.in_force(timezone.now() + 2 * TOMORROW)
    assert in_force
    assert in_force.number == 1
    with pytest.raises(ValidationError, match="stājusies spēkā"):
        cancel(version)


def test_a_version_in_force_cannot_be_called_back(policy_in_force: PolicyVersion) -> None:
    with pytest.raises(ValidationError):
        cancel(policy_in_force)


def test_the_shipped_draft_cannot_be_published_with_its_blanks(policy_in_force: PolicyVersion) -> None:
    found = refusals(PolicyVersion.objects.get(number=2), publication())
    assert "Aizpildiet tukšo vietu: [[jānorāda: reģistrācijas numurs]]" in found
    assert len(found) > 10


def test_everything_that_stands_in_the_way_is_said_at_once(ready_draft: PolicyVersion) -> None:
    ready_draft.texts.update(body="<p>{{ company.fax }}</p>", language="en")
    assert refusals(ready_draft, publication(-TOMORROW, summary=" ")) == [
        "Sapludināšanas lauka „company.fax” nav; tas ierakstīts šeit: „{{ company.fax }}”.",
        "Trūkst teksta latviešu valodā: tieši tas ir noteicošais.",
        "Spēkā stāšanās datums ir pagātnē. Pagātnē drīkst būt tikai pirmās versijas datums.",
        "Latviski aprakstiet, kas mainījies.",
    ]


@pytest.mark.parametrize("words", ["a\x0bb", "\u202ea", "\u200b", "[[kas mainījies]]", "{{ company.name }}"])
def test_what_a_text_may_not_hold_a_title_or_summary_may_not_either(ready_draft: PolicyVersion, words: str) -> None:
    assert len(refusals(ready_draft, publication(summary=words))) == 1
    ready_draft.texts.update(title=words)
    assert len(refusals(ready_draft, publication())) == 1


def test_at_once_is_after_the_wait_for_another_publisher(
    ready_draft: PolicyVersion, monkeypatch: pytest.MonkeyPatch
) -> None:
    def wait(versions: object) -> None:
        third = PolicyVersion.objects.create(number=3, effective_at=timezone.now(), published_at=None)
        PolicyText.objects.create(version=third, language="lv", title="T", body="<p>b</p>")
        PolicyVersion.objects.filter(pk=third.pk).update(published_at=timezone.now())

    monkeypatch.setattr(type(PolicyVersion.objects), "take_turns", wait)
    assert publish(ready_draft, publication(), by=None).state() is State.IN_FORCE


def test_two_versions_cannot_take_effect_at_one_moment(ready_draft: PolicyVersion) -> None:
    effective = publish(ready_draft, publication(TOMORROW), by=None).effective_at
    third = PolicyVersion.objects.create(number=PolicyVersion.objects.next_number())
    PolicyText.objects.create(version=third, language="lv", title="T", body="<p>b</p>")
    assert third.number == 3
    same_moment = Publication(effective, is_material=False, summaries={"lv": "x"})
    assert refusals(third, same_moment) == ["Tajā brīdī stājas spēkā cita versija."]
    assert list(PolicyVersion.objects.drafts()) == [third]


def test_a_published_version_is_not_published_again(policy_in_force: PolicyVersion) -> None:
    with pytest.raises(ValidationError, match="jau ir publicēta"):
        publish(policy_in_force, publication(), by=None)


def test_with_four_eyes_the_last_editor_cannot_publish(ready_draft: PolicyVersion, settings: Settings) -> None:
    editor, publisher = User.objects.create_user("editor"), User.objects.create_user("publisher")
    PolicyVersion.objects.filter(pk=ready_draft.pk).update(edited_by=editor)
    settings.PRIVACY_FOUR_EYES = True
    assert refusals(ready_draft, publication(), by=editor) == [
        "Šī versija jāpublicē citam cilvēkam, nevis pēdējam redaktoram."
    ]
    assert publish(ready_draft, publication(), by=publisher).published_by == publisher


def test_a_crash_in_the_middle_leaves_the_draft_a_draft(
    ready_draft: PolicyVersion, monkeypatch: pytest.MonkeyPatch
) -> None:
    def crash(*args: object, **kwargs: object) -> None:
        raise RuntimeError("power cut")

    monkeypatch.setattr(PolicyVersion, "save", crash)
    with pytest.raises(RuntimeError):
        publish(ready_draft, publication(), by=None)
    assert not PolicyVersion.objects.get(pk=ready_draft.pk).is_published
    assert PolicyText.objects.get(version=ready_draft).change_summary == ""


def test_every_save_of_a_draft_is_kept(ready_draft: PolicyVersion) -> None:
    text = ready_draft.texts.get()
    before = text.history.count()
    text.body = "<p>Cits</p>"
    text.save()
    assert text.history.count() == before + 1
    assert "[[" in text.history.last().body


@pytest.mark.django_db
def test_each_role_of_staff_has_just_its_permissions() -> None:
    from django.contrib.auth.models import Group

    permissions = {
        group.name: sorted(permission.codename for permission in group.permissions.all())
        for group in Group.objects.all()
    }
    assert permissions == {
        "Policy editors": [
            "add_policytext",
            "add_policyversion",
            "change_policytext",
            "change_policyversion",
            "view_policytext",
            "view_policyversion",
        ],
        "Policy publishers": ["publish", "view_policytext", "view_policyversion"],
        "Privacy officers": sorted(
            [
                *(f"{action}_{model}" for model in ("declaredcookie", "cookiedeclaration") for action in ALL_ACTIONS),
                *(f"{action}_{model}" for model in ("category", "categorytext", "servicetext") for action in EDITING),
                *(
                    "view_consentrecord",
                    "view_disclosure",
                    "view_grantsended",
                    "view_purge",
                    "view_cspreport",
                    "delete_cspreport",
                ),
                *("view_policytext", "view_policyversion"),
            ]
        ),
    }


def test_what_came_into_a_draft_past_its_form_is_not_published(ready_draft: PolicyVersion) -> None:
    text = ready_draft.texts.get()
    ready_draft.texts.update(body=text.body + '<p onclick="x()">Vārdi</p>')
    with pytest.raises(ValidationError, match=r"was not saved by the form|nav saglabāts ar melnraksta veidlapu"):
        publish(ready_draft, Publication(None, is_material=False, summaries={"lv": "Jauns."}), by=None)
    ready_draft.texts.update(body=text.body)
    assert publish(ready_draft, Publication(None, is_material=False, summaries={"lv": "Jauns."}), by=None).is_published
