"""The start page of staff says what needs attention, to those who can do something about it."""

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.contrib.auth.models import Group, User
from django.test import Client
from django.utils import timezone
from lxml import html

from consent import sealing, summaries
from consent.disclosures import Shown
from consent.models import CspReport
from ossnet_site import security_txt
from privacy.dates import in_words
from privacy.models import PolicyVersion
from tests.consent.decide import decide
from tests.consent.seals import decided

pytestmark = pytest.mark.usefixtures("site")


def staff(role: str) -> Client:
    person = User.objects.create_user("Ilze", is_staff=True)
    person.groups.set(Group.objects.filter(name=role))
    client = Client()
    client.force_login(person)
    return client


def said(client: Client) -> dict[str, str]:
    """Words to address of everything under "needs attention"."""
    document = html.fromstring(client.get("/admin/").content.decode())
    items = document.xpath("//section[@aria-labelledby='attention']//li")
    return {" ".join(item.text_content().split()): "".join(item.xpath(".//a/@href")) for item in items}


def refused(host: str) -> None:
    now = timezone.now()
    CspReport.objects.create(
        document="/", directive="script-src-elem", blocked=host, count=1, first_seen=now, last_seen=now
    )


@pytest.mark.parametrize("role", ["Policy editors", "Policy publishers", "Privacy officers"])
def test_a_draft_that_waits_is_named(ready_draft: PolicyVersion, role: str) -> None:
    address = f"/admin/privacy/policyversion/{ready_draft.pk}/change/"
    assert said(staff(role)) == {f"Politikas {ready_draft.number}. versijas melnraksts gaida publicēšanu.": address}


def test_a_version_to_come_is_named(ready_draft: PolicyVersion) -> None:
    moment = timezone.now().replace(year=2031, month=3, day=5, hour=10)
    PolicyVersion.objects.filter(pk=ready_draft.pk).update(
        published_at=timezone.now() - timedelta(hours=1), effective_at=moment
    )
    assert said(staff("Policy publishers")) == {
        f"Politikas {ready_draft.number}. versija ir spēkā no 2031. gada 5. marta.": (
            f"/admin/privacy/policyversion/{ready_draft.pk}/change/"
        )
    }


@pytest.mark.parametrize(
    ("hosts", "words"),
    [
        (1, "Pārlūki noraidīja 1 resursdatoru, kas nepieder nevienam deklarētam pakalpojumam."),
        (2, "Pārlūki noraidīja 2 resursdatorus, kas nepieder nevienam deklarētam pakalpojumam."),
        (21, "Pārlūki noraidīja 21 resursdatoru, kas nepieder nevienam deklarētam pakalpojumam."),
    ],
)
def test_an_undeclared_host_is_counted(hosts: int, words: str) -> None:
    refused("https://connect.facebook.net")
    refused("inline")
    for number in range(hosts):
        refused(f"https://h{number}.example")
    assert said(staff("Privacy officers")).get(words) == "/admin/consent/cspreport/"


def test_where_all_is_well_nothing_is_said() -> None:
    refused("https://connect.facebook.net")
    PolicyVersion.objects.drafts().delete()
    assert said(staff("Privacy officers")) == {}


def test_who_may_not_see_it_is_told_nothing(ready_draft: PolicyVersion) -> None:
    refused("https://evil.example")
    assert said(staff("")) == {}
    assert not any("resursdator" in words for words in said(editor_of_policy()))


def editor_of_policy() -> Client:
    person = User.objects.create_user("Edgars", is_staff=True)
    person.groups.set(Group.objects.filter(name="Policy editors"))
    client = Client()
    client.force_login(person)
    return client


def test_the_start_page_keeps_its_cost(django_assert_max_num_queries: Any) -> None:
    client = staff("Privacy officers")
    for number in range(30):
        refused(f"https://h{number}.example")
    with django_assert_max_num_queries(12):
        assert client.get("/admin/").status_code == 200


UNSEALED = "Piekrišanas ieraksti vairāk nekā divas dienas gaida apzīmogošanu"


def test_records_that_nobody_seals_are_named_to_who_may_see_them() -> None:
    def is_named(client: Client) -> bool:
        return any(line.startswith(UNSEALED) for line in said(client))

    officer = staff("Privacy officers")
    now = timezone.now()
    assert not is_named(officer)
    decided(now - timedelta(days=3))
    assert is_named(officer)
    assert not is_named(editor_of_policy())
    with time_machine.travel(now - timedelta(days=2, hours=1)):
        list(sealing.seal_waiting())
    assert not is_named(officer), "the seal is old, but nothing waits"
    decided(now - timedelta(days=1))
    assert not is_named(officer), "it does not wait for long yet"
    decided(now - timedelta(days=2, minutes=30))
    assert is_named(officer)
    list(sealing.seal_waiting())
    assert not is_named(officer)


def test_a_full_list_of_reports_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("consent.attention.MOST_KINDS", 1)
    client = staff("Privacy officers")
    refused("https://stats.g.doubleclick.net")
    assert any("saraksts ir pilns" in line for line in said(client))


def test_decisions_that_nobody_counts_are_named(visitor: Client, shown: Shown) -> None:
    now = timezone.now()
    officer = staff("Privacy officers")

    def is_named(client: Client) -> bool:
        client.force_login(User.objects.get(username="Ilze"))  # a session ends sooner than the test
        return "/admin/consent/dailysummary/" in said(client).values()

    with time_machine.travel(now - timedelta(days=10), tick=False) as clock:
        decide(visitor, "reject_all", disclosure=shown.sha256)
        clock.move_to(now - timedelta(days=8, minutes=1))
        assert not is_named(officer), "not two days yet, to the minute"
        clock.move_to(now - timedelta(days=7))
        assert is_named(officer)
        summaries.bring_up_to_date()
        assert not is_named(officer)
    assert not is_named(officer), "nothing has been decided since"
    with time_machine.travel(now - timedelta(days=3), tick=False):
        visitor.cookies.clear()
        decide(visitor, "reject_all", disclosure=shown.sha256)
    assert is_named(officer)
    assert "/admin/consent/dailysummary/" not in said(editor_of_policy()).values()


@pytest.mark.parametrize(("days", "is_named"), [(31, False), (29, True), (-1, True)])
def test_a_security_contact_that_ends_is_named_to_superusers(
    monkeypatch: pytest.MonkeyPatch, days: int, is_named: bool
) -> None:
    ends = timezone.now() + timedelta(days=days)
    monkeypatch.setattr(security_txt, "EXPIRES", ends)
    owner = Client()
    owner.force_login(User.objects.create_superuser("Anna"))
    named = {line: address for line, address in said(owner).items() if address.endswith("security.txt")}
    assert list(named.values()) == ["/.well-known/security.txt"] * is_named
    assert all(in_words(ends, "lv") in line for line in named)
    assert not any(address.endswith("security.txt") for address in said(staff("Policy publishers")).values())
