"""Bad input to the one address that takes decisions: the right 4xx, in the visitor's language, nothing stored."""

from typing import Any

import pytest
from django.test import Client

from consent.models import ConsentRecord
from tests.consent.decide import FORM, decide


def assert_refused(response: Any, status: int, words: str) -> None:
    assert response.status_code == status
    assert words in response.content.decode()
    assert "Sīkdatņu iestatījumi" in response.content.decode()
    assert not response.cookies
    assert not ConsentRecord.objects.exists()


@pytest.mark.parametrize("category", ["necessary", "marketing", "", "analytics\x00", "ANALYTICS"])
def test_an_unknown_category_is_refused(visitor: Client, category: str) -> None:
    assert_refused(decide(visitor, "save", category), 400, "Nezināma sīkdatņu kategorija.")


def test_a_category_that_is_offered_no_more_is_asked_about_again_and_its_withdrawal_honoured(
    visitor: Client, settings: Any
) -> None:
    settings.HOTJAR_SITE_ID = ""
    assert_refused(decide(visitor, "save", "hotjar"), 409, "teksts par sīkdatnēm ir mainījies")
    assert decide(visitor, "withdraw", "hotjar").status_code == 303


def test_where_nothing_is_offered_there_is_nothing_to_decide(visitor: Client, settings: Any) -> None:
    settings.GOOGLE_ANALYTICS_ID = settings.FACEBOOK_PIXEL_ID = settings.HOTJAR_SITE_ID = ""
    assert_refused(decide(visitor, "accept_all"), 400, "tikai nepieciešamās sīkdatnes")


@pytest.mark.parametrize("decision", ["accept", "ACCEPT_ALL", "\x00", "x" * 10_000])
def test_an_unknown_decision_is_refused(visitor: Client, decision: str) -> None:
    assert_refused(decide(visitor, decision), 400, "Nezināms lēmums.")


@pytest.mark.parametrize("body", ["decision=", "category=analytics", "&&&=", "%", "decision"])
def test_a_form_without_a_decision_is_refused(visitor: Client, body: str) -> None:
    assert_refused(visitor.post("/sikdatnes/", body, content_type=FORM), 400, "Lēmums nav nosūtīts.")


@pytest.mark.parametrize(
    "address",
    [
        "https://evil.example/",
        "//evil.example/",
        "/\\evil.example/",
        "\\\\evil.example",
        "javascript:alert(1)",
        "kontakti/",
        " /kontakti/",
        "/\t/evil.example",
        "/a\r\nSet-Cookie: x=1",
        "///evil.example",
        "/%00",
        "/" + "a" * 2000,
        "/" + "ā" * 400,
        "http:///evil.example",
    ],
)
def test_a_page_to_return_to_must_be_on_this_site(visitor: Client, address: str) -> None:
    assert_refused(decide(visitor, "reject_all", next_=address), 400, "Lapa, uz kuru atgriezties, nav šajā vietnē.")


def test_the_explanation_is_in_the_language_of_the_address(visitor: Client) -> None:
    response = decide(visitor, "nonsense", address="/en/cookies/")
    assert response.status_code == 400
    assert "Unknown decision." in response.content.decode()


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Sec-Fetch-Site": "none"},
        {"Sec-Fetch-Site": "cross-site", "Origin": "http://testserver"},
        {"Origin": "null"},
        {"Origin": "https://testserver"},
        {"Origin": "http://testserver:81"},
        {"Origin": "http://evil.example"},
        {},
    ],
    ids=str,
)
def test_a_form_of_another_site_is_refused(site: None, headers: dict[str, str]) -> None:
    assert_refused(decide(Client(headers=headers), "reject_all"), 403, "Pieprasījums ir noraidīts")


@pytest.mark.parametrize("headers", [{"Sec-Fetch-Site": "same-origin"}, {"Origin": "http://testserver"}], ids=str)
def test_a_form_of_this_site_is_taken(site: None, headers: dict[str, str]) -> None:
    client = Client(headers=headers, enforce_csrf_checks=True)
    assert decide(client, "reject_all").status_code == 303


@pytest.mark.parametrize("content_type", ["multipart/form-data; boundary=x", "application/json", "text/plain", ""])
def test_anything_but_an_ordinary_form_is_refused(visitor: Client, content_type: str) -> None:
    response = visitor.post("/sikdatnes/", b"decision=reject_all", content_type=content_type)
    assert_refused(response, 415, "Šī vietne pieņem tikai parastas veidlapas.")


@pytest.mark.parametrize("method", ["put", "patch", "delete", "options", "trace"])
def test_another_method_is_refused_with_a_page_that_says_so(visitor: Client, method: str) -> None:
    response = getattr(visitor, method)("/sikdatnes/")
    assert_refused(response, 405, "Šeit to nevar izdarīt")
    assert response.headers["Allow"] == "GET, HEAD, POST"


def test_an_oversized_body_is_refused(visitor: Client) -> None:
    assert_refused(decide(visitor, "reject_all", x="x" * 17_000), 413, "Pieprasījums ir pārāk liels")


def test_oversized_cookies_are_refused(visitor: Client) -> None:
    visitor.cookies["x"] = "x" * 17_000
    assert_refused(decide(visitor, "reject_all"), 431, "Pārlūks nosūtīja pārāk daudz sīkdatņu")


@pytest.mark.parametrize(
    "field", [b"next=/%FF", b"category=%c3", b"disclosure=%ff", b"x=\xff", b"%fe=1", b"next=/\xc3("]
)
def test_invalid_utf_8_is_refused(visitor: Client, field: bytes) -> None:
    response = visitor.generic("POST", "/sikdatnes/", b"decision=reject_all&" + field, content_type=FORM)
    assert_refused(response, 400, "Pieprasījumu nevarēja saprast")


def test_a_form_in_another_encoding_is_refused_in_the_visitors_language(visitor: Client) -> None:
    response = visitor.post("/sikdatnes/", "decision=reject_all", content_type=f"{FORM}; charset=utf-16")
    assert_refused(response, 400, "Nekas nav mainīts.")
    assert "HTTP requests" not in response.content.decode()


def test_a_body_of_no_announced_size_is_refused(visitor: Client) -> None:
    response = visitor.post("/sikdatnes/", "decision=reject_all", content_type=FORM, HTTP_TRANSFER_ENCODING="chunked")
    assert_refused(response, 413, "Pieprasījums ir pārāk liels")


def test_a_thousand_fields_more_than_django_reads_are_refused(visitor: Client) -> None:
    assert_refused(visitor.post("/sikdatnes/", "&".join(["a"] * 1001), content_type=FORM), 400, "nevarēja saprast")


def test_a_get_never_decides(visitor: Client) -> None:
    assert visitor.get("/sikdatnes/?decision=accept_all").status_code == 200
    assert not ConsentRecord.objects.exists()


@pytest.mark.parametrize("address", ["/admin/%00/", "/admin/consent/disclosure/%00/change/", "/admin/?a=%00"])
def test_a_nul_in_an_address_of_staff_is_refused(visitor: Client, address: str) -> None:
    assert visitor.get(address).status_code == 400
