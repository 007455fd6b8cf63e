"""The whole site: every address answers, in its language, with one h1; errors help."""

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.management import call_command
from django.test import Client, override_settings
from django.urls import URLPattern, URLResolver, get_resolver
from lxml import html

from consent.disclosures import Shown
from tests.consent.decide import decide

LATVIAN = ["/", "/kontakti/", "/privatuma-politika/", "/sikdatnes/", "/sikdatnes/parbaude/"]
# Pages with tests of their own, such as tests/privacy/test_versions.py and tests/site/test_search.py.
VERSION_PAGES = ["list-versions", "version-feed", "show-version", "show-changes", "archive-version"]
OTHERS = ["receipt", "receipt-words", "gpc", "csp-reports", "robots", "site-map", "security-txt", "favicon",
          "plain-receipt", "signed-receipt", "signing-keys", "newest-seal"]  # fmt: skip
ENGLISH = ["/en/", "/en/contacts/", "/en/privacy-policy/", "/en/cookies/", "/en/cookies/check/"]


def page(client: Client, address: str) -> Any:
    return html.fromstring(client.get(address).content.decode())


@pytest.mark.parametrize("address", [*LATVIAN, *ENGLISH])
def test_every_address_answers_in_its_language_with_one_heading_and_a_title(visitor: Client, address: str) -> None:
    response = visitor.get(address)
    document = html.fromstring(response.content.decode())
    language = "en" if address.startswith("/en/") else "lv"
    assert response.status_code == 200
    assert response.headers["Content-Language"] == document.get("lang") == language
    assert len(document.xpath("//h1")) == 1
    assert document.xpath("string(//title)").endswith(" – SIA OSS Networks")
    assert document.xpath("//a[@class='skip-link']/@href") == ["#content"]
    assert len(document.xpath("//main[@id='content']")) == 1
    ids = document.xpath("//@id")
    assert len(ids) == len(set(ids))


def test_the_test_knows_every_public_address() -> None:
    patterns: list[URLPattern | URLResolver] = list(get_resolver().url_patterns)
    names = []
    while patterns:
        pattern = patterns.pop()
        if isinstance(pattern, URLResolver):
            patterns += [] if pattern.app_name == "admin" else pattern.url_patterns
        else:
            names.append(pattern.name)
    assert len(names) == len(LATVIAN) + len(VERSION_PAGES) + len(OTHERS), names


@pytest.mark.parametrize("address", [*LATVIAN, "/en/", "/none/"])
def test_header_and_footer_stand_on_every_page(visitor: Client, address: str) -> None:
    document = page(visitor, address)
    links = document.xpath("//header//a/@href")
    assert {"tel:+37166100800", "tel:+37166100802", "mailto:info@ossnet.lv"} <= set(links)
    footer = [link.text for link in document.xpath("//footer//a")]
    english = address.startswith("/en/")
    assert footer == (
        ["Privacy policy", "Cookie settings"] if english else ["Privātuma politika", "Sīkdatņu iestatījumi"]
    )


def test_the_header_says_what_the_original_page_said(visitor: Client) -> None:
    header = " ".join(page(visitor, "/").xpath("string(//header)").split())
    for words in (
        "Birojs: +371 66 100 800",
        "Tehniskais atbalsts: +371 66 100 802",
        "info@ossnet.lv",
        "Pr - Pk: 08:30 - 18:30",
    ):
        assert words in header


@pytest.mark.parametrize(("latvian", "english"), [*zip(LATVIAN, ENGLISH, strict=True), ("/none/", "/en/")])
def test_each_page_leads_to_itself_in_the_other_language(visitor: Client, latvian: str, english: str) -> None:
    assert page(visitor, latvian).xpath("//header//a[@hreflang='en']/@href") == [english]
    if latvian != "/none/":
        assert page(visitor, english).xpath("//header//a[@hreflang='lv']/@href") == [latvian]


@pytest.mark.parametrize(
    ("address", "language", "words"),
    [
        ("/none/", "lv", "Lapa nav atrasta"),
        ("/en/none/", "en", "Page not found"),
        ("/de/", "lv", "Lapa nav atrasta"),
        ("/xx-yy/kontakti/", "lv", "Lapa nav atrasta"),
        ("/en", "lv", None),
        ("/en-us/", "lv", "Lapa nav atrasta"),
        ("/EN/", "lv", "Lapa nav atrasta"),
        ("/%ff%fe/", "lv", "Lapa nav atrasta"),
        ("/%00/", "lv", "Lapa nav atrasta"),
        ("/privatuma-politika/../../etc/passwd", "lv", "Lapa nav atrasta"),
        ("/en/privatuma-politika/", "en", "Page not found"),
    ],
)
def test_a_page_that_does_not_exist_helps_in_the_language_of_its_address(
    visitor: Client, address: str, language: str, words: str | None
) -> None:
    response = visitor.get(address)
    if words is None:
        assert response.headers["Location"] == "/en/"
        return
    assert response.status_code == 404
    document = html.fromstring(response.content.decode())
    assert document.get("lang") == language
    assert document.xpath("string(//h1)") == words
    assert len(document.xpath("//footer//a")) == 2


@pytest.mark.parametrize(
    "accepted", ["", "xx", "en", "lv;q=2", ";;;", "*", "a" * 5000, "en-", "\xff", "de-DE,de;q=0.9,,,;q="]
)
def test_the_address_alone_decides_the_language(visitor: Client, accepted: str) -> None:
    response = visitor.get("/", headers={"Accept-Language": accepted})
    assert response.status_code == 200
    assert response.headers["Content-Language"] == "lv"
    assert "Accept-Language" not in response.headers["Vary"]


def test_a_foreign_host_is_refused_with_a_page(visitor: Client) -> None:
    response = visitor.get("/en/", headers={"Host": "evil.example"})
    assert response.status_code == 400
    assert "The request could not be understood" in response.content.decode()
    assert "evil.example" not in response.content.decode()


@pytest.mark.parametrize("method", ["post", "put", "patch", "delete", "options", "trace"])
@pytest.mark.parametrize("address", ["/", "/kontakti/", "/privatuma-politika/"])
def test_reading_pages_refuse_every_other_method(visitor: Client, address: str, method: str) -> None:
    response = Client(enforce_csrf_checks=True).generic(method.upper(), address)
    assert response.status_code == 405
    assert "Šeit to nevar izdarīt" in response.content.decode()
    assert response.headers["Allow"] == "GET, HEAD"


def test_a_malformed_content_length_is_harmless(visitor: Client) -> None:
    assert visitor.get("/", CONTENT_LENGTH="many").status_code == 200


def test_a_fault_of_ours_is_a_page_with_the_footer_and_the_way_to_withdraw(
    visitor: Client, shown: Shown, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*args: object) -> None:
        raise RuntimeError("a fault")

    decide(visitor, "accept_all", disclosure=shown.sha256)
    visitor.raise_request_exception = False
    monkeypatch.setattr("privacy.views.text_in_force", fail)
    response = visitor.get("/privatuma-politika/")
    assert response.status_code == 500
    document = html.fromstring(response.content.decode())
    assert document.xpath("string(//h1)") == "Radās kļūda"
    assert document.xpath("//footer//button/@value") == ["withdraw"]
    assert "a fault" not in response.content.decode()


@pytest.mark.django_db
def test_a_staff_form_without_its_token_is_refused_with_a_page() -> None:
    response = Client(enforce_csrf_checks=True).post("/admin/login/", {"username": "a"})
    assert response.status_code == 403
    assert "Pieprasījums ir noraidīts" in response.content.decode()


@pytest.mark.django_db
def test_a_staff_page_that_the_account_may_not_see_is_refused() -> None:
    client = Client()
    client.force_login(User.objects.create_user("editor", is_staff=True))
    assert client.get("/admin/auth/user/").status_code == 403


def test_staff_can_look_at_everything_and_cannot_touch_evidence(visitor: Client, shown: Shown) -> None:
    decide(visitor, "accept_all", disclosure=shown.sha256)
    visitor.force_login(User.objects.create_superuser("officer"))
    for model in ("consent/consentrecord", "consent/disclosure"):
        response = visitor.get(f"/admin/{model}/")
        assert response.status_code == 200
        address = html.fromstring(response.content.decode()).xpath("//tbody//th/a/@href")[0]
        assert visitor.get(address).status_code == 200
        assert visitor.post(address, {"language": "en"}).status_code == 403
        assert visitor.get(f"/admin/{model}/add/").status_code == 403
        assert visitor.post(address.replace("change", "delete"), {"post": "yes"}).status_code == 403
    for model in ("consent/declaredcookie", "consent/category", "consent/servicetext"):
        response = visitor.get(f"/admin/{model}/")
        address = html.fromstring(response.content.decode()).xpath("//tbody//th/a/@href")[0]
        assert visitor.get(address).status_code == 200
    assert visitor.get("/admin/consent/category/add/").status_code == 403
    assert visitor.post("/admin/consent/category/1/delete/").status_code == 403


@pytest.mark.django_db
def test_no_migration_is_missing() -> None:
    call_command("makemigrations", check=True, dry_run=True, verbosity=0)


def test_every_cookie_that_the_site_sets_is_declared(visitor: Client, shown: Shown) -> None:
    user = User.objects.create_superuser("officer", password="a-password-for-tests")
    decide(visitor, "accept_all", disclosure=shown.sha256)
    visitor.get("/admin/login/")
    visitor.post("/admin/login/", {"username": user.username, "password": "a-password-for-tests"})
    declared = {cookie["name"] for category in shown.content["categories"] for cookie in category["cookies"]}
    assert set(visitor.cookies) == {"consent", "csrftoken", "sessionid"}
    assert set(visitor.cookies) <= declared


@override_settings(SECURE_SSL_REDIRECT=True, SECURE_PROXY_SSL_HEADER=("HTTP_X_FORWARDED_PROTO", "https"))
def test_behind_a_proxy_that_ends_tls_the_origin_is_https(site: None) -> None:
    headers = {"Host": "testserver", "X-Forwarded-Proto": "https", "Origin": "https://testserver"}
    assert decide(Client(headers=headers), "reject_all").status_code == 303
    assert decide(Client(headers=headers | {"Origin": "http://testserver"}), "reject_all").status_code == 403


@override_settings(SECURE_SSL_REDIRECT=True)
def test_plain_http_is_sent_to_https_except_health_checks(site: None) -> None:
    assert Client().get("/").status_code == 301
    assert Client().get("/healthz/live").status_code == 200


@pytest.mark.parametrize("target", ["*", "kontakti", "http://testserver/"])
def test_a_target_that_is_no_path_is_answered_with_a_page(visitor: Client, target: str) -> None:
    assert visitor.generic("OPTIONS", "/", PATH_INFO=target).status_code == 404


def test_the_language_switch_asks_for_the_same_comparison(visitor: Client) -> None:
    page = html.fromstring(visitor.get("/privatuma-politika/versijas/1/izmainas/?with=1").content.decode())
    assert page.xpath("//header//a[@hreflang='en']/@href") == ["/en/privacy-policy/versions/1/changes/?with=1"]


def test_only_what_has_a_language_names_one(visitor: Client) -> None:
    for address, language in {"/en/": "en", "/privatuma-politika/versijas/plusma/": "lv", "/robots.txt": None}.items():
        assert visitor.get(address).headers.get("Content-Language") == language
