"""Who may send a decision or a staff form: pages of this very origin. And before a decision nobody gets a cookie."""

from typing import Any

import pytest
import time_machine
from django.contrib.auth.models import User
from django.test import Client, override_settings

from consent.models import ConsentRecord
from tests.consent.decide import FORM, decide
from tests.site.test_roles import every_address, staff, world  # noqa: F401 - fixtures

pytestmark = pytest.mark.once

SIBLING = "http://blog.testserver"
OF_OTHERS: dict[str, dict[str, str]] = {
    "a form of another site": {"Sec-Fetch-Site": "cross-site", "Origin": "http://evil.example"},
    "a sibling subdomain": {"Sec-Fetch-Site": "same-site", "Origin": SIBLING},
    "a sibling subdomain that claims to be us": {"Sec-Fetch-Site": "same-site", "Origin": "http://testserver"},
    "no page at all": {"Sec-Fetch-Site": "none"},
    "no page at all, with our name": {"Sec-Fetch-Site": "none", "Origin": "http://testserver"},
    "an empty value": {"Sec-Fetch-Site": "", "Origin": "http://testserver"},
    "capital letters": {"Sec-Fetch-Site": "SAME-ORIGIN"},
    "several values": {"Sec-Fetch-Site": "same-origin, cross-site"},
    "the same value twice": {"Sec-Fetch-Site": "same-origin, same-origin"},
    "a sandboxed frame": {"Sec-Fetch-Site": "cross-site", "Origin": "null"},
    "a sandboxed frame of an old browser": {"Origin": "null"},
    "an old browser on another site": {"Origin": "http://evil.example"},
    "an old browser on a sibling subdomain": {"Origin": SIBLING},
    "an old browser on another port": {"Origin": "http://testserver:8080"},
    "the usual port, which no browser names": {"Origin": "http://testserver:80"},
    "an old browser on another scheme": {"Origin": "https://testserver"},
    "an origin in capital letters": {"Origin": "HTTP://TESTSERVER"},
    "an origin with a path": {"Origin": "http://testserver/"},
    "an origin with a name before it": {"Origin": "http://evil.example@testserver"},
    "a host that ends with ours": {"Origin": "http://eviltestserver"},
    "a host that begins with ours": {"Origin": "http://testserver.evil.example"},
    "a host with a dot behind it": {"Origin": "http://testserver."},
    "several origins": {"Origin": "http://testserver http://evil.example"},
    "a list of origins": {"Origin": "http://testserver, http://testserver"},
    "an empty origin": {"Origin": ""},
    "nothing but a referrer": {"Referer": "http://testserver/"},
    "nothing": {},
}
OURS: dict[str, dict[str, str]] = {
    "a browser of today": {"Sec-Fetch-Site": "same-origin", "Origin": "http://testserver"},
    "a page that hides its origin": {"Sec-Fetch-Site": "same-origin", "Origin": "null"},
    "an old browser": {"Origin": "http://testserver"},
    "an old browser, another port": {"Host": "localhost:8080", "Origin": "http://localhost:8080"},
}
PUBLIC = [
    *("/", "/kontakti/", "/privatuma-politika/", "/privatuma-politika/versijas/", "/privatuma-politika/versijas/1/"),
    *("/privatuma-politika/versijas/1/izmainas/", "/privatuma-politika/versijas/1.json"),
    *("/privatuma-politika/versijas/plusma/", "/sikdatnes/", "/sikdatnes/apliecinajums/", "/en/", "/en/contacts/"),
    *("/sikdatnes/apliecinajums/7K3M-Q2PX-9RDT/", "/en/privacy-policy/", "/en/privacy-policy/versions/"),
    *("/en/privacy-policy/versions/1/", "/en/privacy-policy/versions/1/changes/", "/en/cookies/", "/en"),
    *("/en/privacy-policy/versions/1.json", "/en/privacy-policy/versions/feed/", "/en/cookies/receipt/"),
    *("/en/cookies/receipt/7K3M-Q2PX-9RDT/", "/robots.txt", "/sitemap.xml", "/.well-known/gpc.json"),
    *("/.well-known/security.txt", "/csp-reports/", "/healthz/live", "/healthz/ready", "/none/", "/en/none/", "/%ff/"),
]


@pytest.mark.parametrize("decision", ["accept_all", "reject_all", "withdraw"])
@pytest.mark.parametrize("headers", OF_OTHERS.values(), ids=OF_OTHERS.keys())
def test_a_decision_from_elsewhere_is_refused(site: None, headers: dict[str, str], decision: str) -> None:
    response = decide(Client(headers=headers), decision)
    assert response.status_code == 403
    assert not response.cookies
    assert not ConsentRecord.objects.exists()


@pytest.mark.parametrize("headers", OURS.values(), ids=OURS.keys())
def test_a_decision_from_a_page_of_ours_is_taken(site: None, headers: dict[str, str]) -> None:
    assert decide(Client(headers=headers, enforce_csrf_checks=True), "reject_all").status_code == 303


def test_what_a_client_says_of_a_proxy_makes_no_other_site_ours(site: None) -> None:
    forged = {"X-Forwarded-Host": "evil.example", "X-Forwarded-Proto": "https", "X-Forwarded-Port": "8080"}
    for origin in ("http://evil.example", "https://testserver", "http://testserver:8080"):
        assert decide(Client(headers=forged | {"Origin": origin}), "reject_all").status_code == 403


def test_the_login_takes_no_form_without_its_token(db: None) -> None:
    client = Client(enforce_csrf_checks=True, headers={"Sec-Fetch-Site": "same-origin", "Origin": "http://testserver"})
    name = User.objects.create_user("Anna", password="garām pa ielu gāja kaķis", is_staff=True).username
    form = {"username": name, "password": "garām pa ielu gāja kaķis"}
    client.get("/admin/login/")
    for token in ("", "a" * 64, client.cookies["csrftoken"].value[:-1] + "!"):
        assert client.post("/admin/login/", form | {"csrfmiddlewaretoken": token}).status_code == 403
    assert "sessionid" not in client.cookies


@pytest.mark.parametrize(
    "origin", ["http://evil.example", SIBLING, "https://testserver", "http://testserver:81", "null"]
)
def test_the_right_token_from_another_origin_is_refused_by_staff_pages(db: None, origin: str) -> None:
    client = Client(enforce_csrf_checks=True)
    client.get("/admin/login/")
    token = client.cookies["csrftoken"].value
    response = client.post("/admin/login/", {"csrfmiddlewaretoken": token}, headers={"Origin": origin})
    assert response.status_code == 403


def test_no_page_of_staff_takes_a_form_without_its_token(world: None, staff: dict[str, Client]) -> None:  # noqa: F811
    client = Client(enforce_csrf_checks=True, headers={"Sec-Fetch-Site": "same-origin", "Origin": "http://testserver"})
    client.force_login(User.objects.get(username="S"))
    own = ("/admin/logout/", "/admin/second-factor/", "/admin/second-factor/set-up/")
    for address in (*every_address().values(), *own):
        assert client.post(address, {"post": "yes"}).status_code in {403, 404}, address
    assert client.get("/admin/").status_code == 200, "still signed in"


def without_cookie(response: Any, address: str) -> None:
    assert not response.cookies, address
    assert "Set-Cookie" not in response.headers, address


@pytest.mark.parametrize("method", ["get", "head", "post", "put", "delete", "options", "trace"])
def test_no_public_page_sets_a_cookie_before_a_decision(site: None, method: str) -> None:
    for address in PUBLIC:
        without_cookie(getattr(Client(), method)(address), address)


def test_no_error_sets_a_cookie_before_a_decision(visitor: Client) -> None:
    client = Client(headers={"Sec-Fetch-Site": "same-origin"}, raise_request_exception=False)
    for start in ("/sikdatnes/", "/en/cookies/"):
        for status, request in {
            400: {"data": "decision=x", "content_type": FORM},
            413: {"data": "x" * 17_000, "content_type": FORM},
            415: {"data": "{}", "content_type": "application/json"},
            403: {"data": "decision=reject_all", "content_type": FORM, "headers": {"Sec-Fetch-Site": "cross-site"}},
        }.items():
            response = client.post(start, **request)  # type: ignore[arg-type]
            assert response.status_code == status
            without_cookie(response, start)
        for status, headers in {400: {"Host": "evil.example"}, 431: {"Cookie": "x=" + "x" * 17_000}}.items():
            refused = Client().get(start, headers=headers)
            assert refused.status_code == status
            without_cookie(refused, start)


@time_machine.travel("2036-11-23T12:00:17Z", tick=False)  # else the minute could end between the two
@override_settings(
    RATE_LIMITS={"decision": "1/minute", "report": "1/minute", "new-report": "1/minute", "sign-in": "1/minute"}
)
def test_a_client_that_sends_too_much_gets_no_cookie_that_it_did_not_have(visitor: Client) -> None:
    decide(visitor, "nonsense")
    response = decide(visitor, "nonsense")
    assert response.status_code == 429
    without_cookie(response, "/sikdatnes/")


def test_a_fault_of_ours_sets_no_cookie(visitor: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*args: object) -> None:
        raise RuntimeError("a fault")

    monkeypatch.setattr("privacy.views.text_in_force", fail)
    client = Client(raise_request_exception=False)
    for address in ("/privatuma-politika/", "/en/privacy-policy/"):
        response = client.get(address)
        assert response.status_code == 500
        without_cookie(response, address)
