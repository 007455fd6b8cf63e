"""The front answers from stored bytes where its rule allows it, and nowhere else."""

from datetime import timedelta

import pytest
import time_machine
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from consent.disclosures import Shown
from consent.models import CategoryText
from privacy.models import PolicyVersion
from privacy.publishing import Publication, publish
from tests.consent.decide import decide
from tests.site.fronted import POLICY, Site, cookie_of

DAY = timedelta(days=1)
ADDRESSES = [
    "/",
    "/en/contacts/",
    POLICY,
    "/en/privacy-policy/versions/",
    POLICY + "versijas/1/",
    POLICY + "versijas/1/izmainas/",
    "/sikdatnes/",
    "/sikdatnes/parbaude/",
]


@pytest.mark.parametrize("address", ADDRESSES)
def test_a_page_is_made_once_and_answered_with_the_same_bytes(front: Site, address: str) -> None:
    first, second = front.get(address), front.get(address)
    assert front.made == 1
    assert (first.status, first.pairs, first.body) == (second.status, second.pairs, second.body)


@pytest.mark.parametrize("address", ADDRESSES)
def test_the_bytes_and_headers_are_django_s_own(front: Site, visitor: Client, address: str) -> None:
    plain = visitor.get(address)
    front.get(address)
    stored = front.get(address)
    assert stored.body == plain.content
    added = {"ETag", "Content-Length", "Vary"}
    assert {k: v for k, v in stored.pairs if k not in added} == {
        k: v for k, v in plain.headers.items() if k not in added
    }
    assert stored.headers["Vary"] == plain.headers["Vary"] + ", Accept-Encoding"
    assert stored.headers["Cache-Control"] == "private, no-cache"


@pytest.mark.parametrize(
    ("address", "headers"),
    [
        (POLICY, {"HTTP_COOKIE": "sessionid=x"}),
        (POLICY, {"HTTP_COOKIE": "a=" + "x" * 17000}),
        (POLICY, {"HTTP_AUTHORIZATION": "Basic x"}),
        (POLICY, {"CONTENT_LENGTH": "3"}),
        (POLICY, {"HTTP_TRANSFER_ENCODING": "chunked"}),
        (POLICY, {"SCRIPT_NAME": "/x"}),
        (POLICY, {"HTTP_HOST": "evil.example"}),
        (POLICY + "?utm=1", {}),
        (POLICY + "versijas/1/izmainas/?with=1", {}),
        (POLICY + "versijas/1.json", {}),
        (POLICY + "versijas/jaunumi/", {}),
        ("/sikdatnes/apliecinajums/", {}),
        ("/sikdatnes/apliecinajumi/", {}),
        ("/none/", {}),
        ("/admin/", {}),
        ("/admin/login/", {}),
        ("/healthz/ready", {}),
        ("/.well-known/gpc.json", {}),
        ("/privatuma-politika", {}),
    ],
)
def test_everything_else_is_django_s(front: Site, address: str, headers: dict[str, str]) -> None:
    assert front.costs(address, **headers) == 2
    assert front.costs(address, **headers) == 2


@pytest.mark.parametrize("method", ["POST", "PUT", "OPTIONS", "X"])
def test_no_other_method_is_answered_from_the_store(front: Site, method: str) -> None:
    front.get("/")
    assert front.get("/", method=method, CONTENT_LENGTH="0").status in (403, 405)


def test_every_state_has_its_own_page(front: Site, shown: Shown) -> None:
    cookies = {"": ""}
    for name, decision, *ticked in (("all", "accept_all"), ("none", "reject_all"), ("one", "save", "hotjar")):
        client = Client(headers={"Sec-Fetch-Site": "same-origin"})
        decide(client, decision, *ticked, disclosure=shown.sha256)
        cookies[name] = cookie_of(client)
    for _round in range(2):
        for signal in ({}, {"HTTP_SEC_GPC": "1"}):
            for name, cookie in cookies.items():
                answer = front.get(HTTP_COOKIE=cookie, **signal)
                page = answer.body.decode()
                assert f'data-consent-state="{answer.headers["Consent-State"]}"' in page
                assert ("hotjar" in answer.headers["Content-Security-Policy"]) is (
                    name in ("all", "one") and not signal
                )
                assert ("meta-pixel" in page) is (name == "all" and not signal)
                has_services = name in ("all", "one") and not signal
                assert answer.headers["Cache-Control"] == f"private, no-{'store' if has_services else 'cache'}"
    assert front.made == 5, "undecided, all, none, one; by the signal everybody is in the same state"


def test_visitors_in_one_state_share_a_page(front: Site, shown: Shown) -> None:
    for _visitor in range(3):
        client = Client(headers={"Sec-Fetch-Site": "same-origin"})
        decide(client, "accept_all", disclosure=shown.sha256)
        front.get(HTTP_COOKIE=cookie_of(client) + "; _ga=GA1.1.5; theme=dark")
    assert front.made == 1


def test_a_cookie_that_was_left_over_is_cleared_away_and_that_answer_not_stored(front: Site, shown: Shown) -> None:
    client = Client(headers={"Sec-Fetch-Site": "same-origin"})
    decide(client, "reject_all", disclosure=shown.sha256)
    cookie = cookie_of(client)
    front.get(HTTP_COOKIE=cookie)
    answer = front.get(HTTP_COOKIE=cookie + "; _ga=x")
    assert answer.headers["Set-Cookie"].strip().startswith("_ga=")
    assert front.made == 2
    assert "Set-Cookie" not in front.get(HTTP_COOKIE=cookie).headers
    assert front.made == 2


def test_a_choice_ends_on_its_second(front: Site, shown: Shown) -> None:
    client = Client(headers={"Sec-Fetch-Site": "same-origin"})
    with time_machine.travel("2026-11-23T12:00:00Z", tick=False):
        decide(client, "accept_all", disclosure=shown.sha256)
    cookie = cookie_of(client)
    for moment, granted in (("2027-05-24T11:59:59.999Z", True), ("2027-05-24T12:00:00Z", False)):
        with time_machine.travel(moment, tick=False):
            answer = front.get(HTTP_COOKIE=cookie)
            assert ("hotjar" in answer.headers["Content-Security-Policy"]) is granted


def test_a_scheduled_version_shows_from_its_moment_on(front: Site, ready_draft: PolicyVersion) -> None:
    effect = timezone.now().replace(microsecond=0) + 3 * DAY
    publish(ready_draft, Publication(effect, is_material=True, summaries={"lv": "x"}), by=None)
    moments = [
        (effect - timedelta(microseconds=1), "1. versija"),
        (effect, "2. versija"),
        (effect + 30 * DAY, "2. versija"),
    ]
    announced = []
    for moment, words in moments:
        with time_machine.travel(moment, tick=False):
            page = front.get().body.decode()
            assert words in page.partition("</h1>")[2][:300]
            announced.append("<aside" in page)
    assert announced == [True, True, False]


def test_a_change_shows_with_the_next_look(front: Site, seconds: list[float]) -> None:
    assert "Jauns nosaukums" not in front.get("/sikdatnes/").body.decode()
    CategoryText.objects.filter(group__varname="hotjar").update(name_lv="Jauns nosaukums")
    seconds[0] += 1
    assert "Jauns nosaukums" in front.get("/sikdatnes/").body.decode()


def test_ended_grants_end_with_the_next_look(front: Site, shown: Shown, seconds: list[float]) -> None:
    client = Client(headers={"Sec-Fetch-Site": "same-origin"})
    decide(client, "accept_all", disclosure=shown.sha256)
    cookie = cookie_of(client)
    assert "hotjar" in front.get(HTTP_COOKIE=cookie).headers["Content-Security-Policy"]
    CategoryText.objects.filter(group__varname="hotjar").update(epoch=2)
    seconds[0] += 1
    answer = front.get(HTTP_COOKIE=cookie)
    assert "hotjar" not in answer.headers["Content-Security-Policy"]
    assert "facebook" in answer.headers["Content-Security-Policy"]


def test_staff_see_the_page_from_django(front: Site, django_user_model: type[User]) -> None:
    client = Client()
    client.force_login(django_user_model.objects.create_superuser("staff", password="p"))
    front.get("/")
    assert front.costs("/", HTTP_COOKIE=f"sessionid={client.cookies['sessionid'].value}") == 2


def test_hosts_and_schemes_do_not_share_pages(front: Site) -> None:
    front.get("/")
    assert front.costs("/", HTTP_HOST="localhost") == 1
    assert front.costs("/", **{"wsgi.url_scheme": "https"}) == 1
