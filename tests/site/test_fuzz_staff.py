"""Whatever a superuser's browser sends to the pages of staff: never an error of ours."""

import pytest
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st
from lxml import html

from tests.consent.decide import FORM
from tests.site.gateway import BYTES, VALUE, Request, Site, as_in_a_test, bounded, mutated, pairs
from tests.site.test_roles import every_address, staff, world  # noqa: F401 - fixtures

# What they reach is reached by other tests; counting it would double their time.
pytestmark = pytest.mark.no_cover

TOKEN = "a" * 32
QUERIES = [
    "q", "o", "p", "all", "e", "_popup", "_to_field", "_changelist_filters", "with", "next", "id", "pk", "id__in",
    "number", "number__in", "number__isnull", "decided_at__gte", "decided_at__lt", "decided_at__year",
    "event__exact", "event", "control__exact", "language__exact", "granted", "cookiegroup__varname", "directive",
    "last_seen__gte", "is_staff__exact", "is_superuser__exact", "groups__id__exact", "username__regex", "subject_id",
    "disclosure", "grants", "grants__x", "effective_at__date", "published_by", "edited_by__username", "_isnull",
    "__", "language", "_selected_action", "date_hierarchy",
]  # fmt: skip
FIELDS = [
    "_save", "_continue", "_addanother", "post", "action", "_selected_action", "select_across", "index",
    "consequence", "seen", "decision", "reason", "effective_at_0", "effective_at_1", "is_material",
    "opened_revision", "revision", "source", "code", "begin", "username", "password", "old_password",
    "new_password1", "new_password2", "usable_password", "permissions", "groups", "cookiegroup", "domain",
    "declaration-TOTAL_FORMS", "declaration-INITIAL_FORMS", "text-TOTAL_FORMS", "text-INITIAL_FORMS", "text-0-id",
    "text-0-group", "declaration-0-id", "last_login_0", "date_joined_0", "is_superuser", "_popup", "_to_field",
]  # fmt: skip


def filled_in(client: Client, address: str) -> dict[str, str]:
    """What a browser would send in from the forms of a page, unchanged."""
    response = client.get(address)
    if response.streaming or not response.content or response.status_code != 200:
        return {}
    if not response.headers["Content-Type"].startswith("text/html"):
        return {}
    forms = html.fromstring(response.content.decode()).xpath("//main//form[@method='post']")
    return {name: value or "" for form in forms for name, value in form.form_values() if "token" not in name}


@pytest.fixture
def superuser(world: None, staff: dict[str, Client]) -> Client:  # noqa: F811
    return staff["S"]


def everything(superuser: Client) -> tuple[list[str], dict[str, dict[str, str]]]:
    addresses = [*every_address().values(), "/admin/second-factor/", "/admin/second-factor/set-up/", "/admin/login/"]
    return addresses, {address: filled_in(superuser, address) for address in addresses}


def heading(superuser: Client, **more: str) -> dict[str, str]:
    session = superuser.cookies["sessionid"].value
    return {"Cookie": f"sessionid={session}; csrftoken={TOKEN}", "X-CSRFToken": TOKEN, **more}


def changed(form: dict[str, str], changes: dict[str, str]) -> bytes:
    """The form with changes, as a browser sends it in or worse."""
    fields = {**form, **changes, "csrfmiddlewaretoken": TOKEN}
    return "&".join(f"{name}={value}" for name, value in fields.items()).encode("utf-8", "replace")


def test_no_page_of_staff_stumbles_over_its_address(superuser: Client) -> None:
    site = Site()
    addresses, _forms = everything(superuser)
    paths = st.sampled_from(addresses)
    query = pairs(st.sampled_from(QUERIES) | BYTES)

    @bounded(120)
    @given(paths | mutated(paths), query | VALUE)
    def fuzz(path: str, query: str) -> None:
        with as_in_a_test():
            answer = site.ask(Request("GET", path, query, heading(superuser)))
            assert answer.status < 500
            assert "Content-Security-Policy" in dict(answer.headers)

    fuzz()


def test_no_page_of_staff_stumbles_over_a_form(superuser: Client) -> None:
    site = Site()
    addresses, forms = everything(superuser)

    def form_of(address: str) -> st.SearchStrategy[tuple[str, dict[str, str]]]:
        names = st.sampled_from([*forms[address], *FIELDS])
        return st.tuples(st.just(address), st.dictionaries(names, VALUE, max_size=4))

    paths = st.sampled_from([address for address in addresses if "/logout/" not in address])
    statuses: set[int] = set()

    @bounded(120)
    @given(paths.flatmap(form_of), st.just("") | pairs(st.sampled_from(QUERIES)))
    def fuzz(sent: tuple[str, dict[str, str]], query: str) -> None:
        with as_in_a_test():
            address, changes = sent
            body = changed(forms[address], changes)
            answer = site.ask(Request("POST", address, query, heading(superuser, **{"Content-Type": FORM}), body))
            statuses.add(answer.status)
            assert answer.status < 500

    fuzz()
    assert {200, 302} <= statuses, statuses
