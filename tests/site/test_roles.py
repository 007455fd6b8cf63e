"""Who may what: every address of staff, asked for by every role, held against one table."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.contrib import admin
from django.contrib.auth.models import Group, Permission, User
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import URLPattern, URLResolver, reverse
from django.utils import timezone

from consent import summaries
from consent.disclosures import Shown
from consent.models import (
    Category,
    ConsentRecord,
    CspReport,
    DailySummary,
    DeclaredCookie,
    Disclosure,
    GrantsEnded,
    Purge,
    ServiceText,
)
from privacy.models import PolicyText, PolicyVersion
from privacy.publishing import Publication, publish
from tests.consent.decide import decide
from tests.site.who_may_what import MAY, ROLES

pytestmark = pytest.mark.once

# Pages of somebody's own sign-in; tests/site/test_login.py and tests/site/test_second_factor.py are about them.
OF_THE_LOGIN = {"login", "logout", "verify", "set-up", "recovery-codes"}
MODELS = {
    "privacy_policyversion": PolicyVersion,
    "consent_category": Category,
    "consent_servicetext": ServiceText,
    "consent_declaredcookie": DeclaredCookie,
    "consent_consentrecord": ConsentRecord,
    "consent_dailysummary": DailySummary,
    "consent_disclosure": Disclosure,
    "consent_grantsended": GrantsEnded,
    "consent_purge": Purge,
    "consent_cspreport": CspReport,
    "auth_user": User,
    "auth_group": Group,
}
# What to send in where an empty form would not tell.
SENT = {
    "delete": {"post": "yes"},
    "publish": {"summary_lv": "Jauns.", "revision": "0"},
    "end-grants": {"reason": "Pārbaude"},
}


def route_names(patterns: list[URLPattern | URLResolver], start: str = "") -> Iterator[str]:
    """The name of each address, or its pattern; Django's old address of a row leads to the new one, right or wrong."""
    for pattern in patterns:
        if isinstance(pattern, URLResolver):
            yield from route_names(pattern.url_patterns, start + str(pattern.pattern))
        elif pattern.name or str(pattern.pattern) != "<path:object_id>/":
            yield pattern.name or start + str(pattern.pattern)


def rows(name: str) -> dict[str, Any]:
    """Rows of a model to ask for, by what each stands for."""
    if name == "privacy_policyversion":
        states = ("in force", "draft", "scheduled")
        return {state: PolicyVersion.objects.get(number=number).pk for number, state in enumerate(states, 1)}
    if name == "consent_category":
        return {slug: Category.objects.get(varname=slug).pk for slug in ("analytics", "necessary")}
    if name == "auth_user":
        return {who: User.objects.get(username=who).pk for who in ("E", "S")}
    return {"": MODELS[name]._default_manager.values_list("pk", flat=True)[0]}


def addresses(name: str) -> dict[str, str]:
    """The real addresses of a pattern, by the key that the table has for each."""
    if name == "app_list":
        return {f"app_list {app}": f"/admin/{app}/" for app in ("auth", "privacy", "consent")}
    if name == "(?P<url>.*)$":
        return {name: "/admin/nowhere/"}
    model, _, page = name.rpartition("_")
    if name == "auth_user_password_change":
        model, page = "auth_user", "password_change"
    if model not in MODELS or page in ("changelist", "add"):
        return {name: reverse(f"admin:{name}")}
    found = {}
    for kind, pk in rows(model).items():
        for key, arguments in arguments_of(page, pk).items():
            found[" ".join(filter(None, (name, key, kind)))] = reverse(f"admin:{name}", args=arguments)
    return found


def arguments_of(page: str, pk: Any) -> dict[str, list[Any]]:
    """What the address of one page is made of."""
    if page == "export":
        return {form: [form] for form in ("csv", "json")}
    if page == "preview":
        return {"": [pk, "lv"]}
    if page == "save":
        return {"": [pk, PolicyText.history.filter(version_id=pk).latest().pk]}
    return {"": [pk]}


@pytest.fixture
def staff(site: None) -> dict[str, Client]:
    """Somebody of each role."""
    everything = Group.objects.create(name="Every permission")
    everything.permissions.set(Permission.objects.all())
    clients = {}
    for letter, role in ROLES.items():
        person = User.objects.create_user(letter, is_staff=True, is_superuser=letter == "S")
        person.groups.set(Group.objects.filter(name=role))
        clients[letter] = Client(headers={"Sec-Fetch-Site": "same-origin"})
        clients[letter].force_login(person)
    return clients


@pytest.fixture
def world(staff: dict[str, Client], visitor: Client, shown: Shown, ready_draft: PolicyVersion) -> None:
    """At least one row of everything, and a policy version in each state."""
    third = PolicyVersion.objects.create(number=3)
    third.texts.create(language="lv", title="T", body=ready_draft.texts.get().body)
    moment = timezone.now() + timedelta(days=1)
    publish(third, Publication(moment, is_material=False, summaries={"lv": "Jauns."}), by=None)
    decide(visitor, "accept_all", disclosure=shown.sha256)
    now = timezone.now()
    GrantsEnded.objects.create(category="analytics", reason="x", grants=0)
    Purge.objects.create(cutoff=now - timedelta(days=999), finished_at=now)
    CspReport.objects.create(document="/", directive="img-src", blocked="x", first_seen=now, last_seen=now)
    summaries.bring_up_to_date()


def ask(client: Client, address: str, page: str, method: str) -> tuple[int, str, list[str]]:
    """Status, where it leads, and what was written; all of it is taken back."""
    with transaction.atomic(), CaptureQueriesContext(connection) as queries:
        response = client.get(address) if method == "GET" else client.post(address, SENT.get(page, {}))
        if response.streaming:
            b"".join(response.streaming_content)  # type: ignore[attr-defined]
        transaction.set_rollback(True)
    written = [query["sql"] for query in queries if query["sql"].startswith(("INSERT", "UPDATE", "DELETE"))]
    return response.status_code, response.headers.get("Location", ""), [q for q in written if "session" not in q]


def every_address() -> dict[str, str]:
    names = set(route_names(admin.site.get_urls())) - OF_THE_LOGIN
    return {key: address for name in sorted(names) for key, address in addresses(name).items()}


def test_each_role_may_what_the_table_says_and_no_more(world: None, staff: dict[str, Client]) -> None:
    found = {}
    for key, address in every_address().items():
        page = key.split()[0].rpartition("_")[2]
        may = {"GET": "", "POST": ""}
        for letter, client in staff.items():
            for method in may:
                status, _location, written = ask(client, address, page, method)
                assert status in {200, 302, 403, 404, 405}, (key, letter, method, status)
                if status in {200, 302}:
                    may[method] += letter
                    assert method == "POST" or page == "export" or not written, (key, letter, written)
                else:
                    assert not written, (key, letter, method, written)
        found[key] = (may["GET"], may["POST"])
    assert found == MAY


def test_whoever_is_not_signed_in_is_sent_to_the_login_from_every_address(world: None) -> None:
    for key, address in every_address().items():
        for method in ("GET", "POST"):
            status, location, written = ask(Client(), address, key.split()[0].rpartition("_")[2], method)
            assert (status, location.partition("?")[0], written) == (302, "/admin/login/", []), (key, method)


def test_an_account_that_is_no_staff_is_sent_to_the_login_too(world: None) -> None:
    client = Client()
    client.force_login(User.objects.create_user("Visitor", is_superuser=True))
    assert client.get("/admin/auth/user/").headers["Location"].startswith("/admin/login/")


def test_the_old_address_of_a_row_tells_nothing_of_it(staff: dict[str, Client]) -> None:
    for pk in ("1", "999"):
        response = staff["N"].get(f"/admin/consent/consentrecord/{pk}/")
        assert (response.status_code, response.headers["Location"]) == (
            302,
            f"/admin/consent/consentrecord/{pk}/change/",
        )
