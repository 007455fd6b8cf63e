"""Removal of vendors' cookies."""

import pytest
from django.test import Client
from pytest_django import Settings

from consent.cleanup import parent_domains
from consent.disclosures import Shown
from tests.consent.decide import FORM, decide


@pytest.mark.parametrize(
    ("host", "domains"),
    [
        ("ossnet.lv", ["ossnet.lv"]),
        ("www.ossnet.lv:8443", ["www.ossnet.lv", "ossnet.lv"]),
        ("localhost:8000", []),
        ("127.0.0.1", []),
        ("[::1]:8000", []),
    ],
)
def test_a_cookie_may_lie_on_the_host_or_on_any_parent_domain(host: str, domains: list[str]) -> None:
    assert parent_domains(host) == domains


def expired(response: object) -> set[tuple[str, str]]:
    return {
        (morsel.key, morsel["domain"])
        for morsel in response.cookies.values()  # type: ignore[attr-defined]
        if morsel["max-age"] == 0 and morsel["path"] == "/" and morsel["expires"].startswith("Thu, 01 Jan 1970")
    }


def test_withdrawal_expires_the_services_cookies_and_no_other(
    visitor: Client, shown: Shown, settings: Settings
) -> None:
    settings.ALLOWED_HOSTS = ["www.ossnet.lv"]
    visitor.defaults["HTTP_HOST"] = "www.ossnet.lv"
    decide(visitor, "accept_all", disclosure=shown.sha256)
    vendors = {"_ga", "_ga_ABC123", "_gcl_au", "_fbp", "_fbc", "_hjSessionUser_12345", "_cs_id", "__utma"}
    for name in (*vendors, "_gallery", "theme"):
        visitor.cookies[name] = "1"
    response = decide(visitor, "withdraw")
    assert expired(response) == {(name, domain) for name in vendors for domain in ("", "www.ossnet.lv", "ossnet.lv")}


def test_a_category_that_stays_granted_keeps_its_cookies(visitor: Client, shown: Shown) -> None:
    visitor.cookies["_ga"] = visitor.cookies["_fbp"] = "1"
    response = decide(visitor, "save", "analytics", disclosure=shown.sha256)
    assert expired(response) == {("_fbp", "")}


def test_a_cookie_that_comes_back_after_the_refusal_is_removed_by_the_next_page(visitor: Client, shown: Shown) -> None:
    visitor.cookies["_ga"] = visitor.cookies["_fbp"] = "1"
    assert expired(visitor.get("/")) == set()
    decide(visitor, "save", "analytics", disclosure=shown.sha256)
    visitor.cookies["_fbp"] = "1"
    assert expired(visitor.get("/")) == {("_fbp", "")}
    visitor.cookies["_fbp"] = "1"
    assert expired(visitor.get("/none/")) == {("_fbp", "")}


def test_yes_after_no_keeps_the_cookies_just_allowed(visitor: Client, shown: Shown) -> None:
    decide(visitor, "reject_all")
    visitor.cookies["_ga"] = visitor.cookies["_fbp"] = "1"
    assert expired(decide(visitor, "accept_all", disclosure=shown.sha256)) == set()


def test_the_cookies_of_a_service_that_is_no_longer_offered_are_removed(
    visitor: Client, shown: Shown, settings: Settings
) -> None:
    decide(visitor, "accept_all", disclosure=shown.sha256)
    visitor.cookies["_hjSession_1"] = visitor.cookies["_ga"] = "1"
    settings.HOTJAR_SITE_ID = ""
    assert expired(visitor.get("/")) == {("_hjSession_1", "")}


def test_a_foreign_host_with_cookies_that_came_back_is_still_refused_with_a_page(visitor: Client, shown: Shown) -> None:
    decide(visitor, "reject_all")
    visitor.cookies["_ga"] = "1"
    response = visitor.get("/", headers={"Host": "evil.example"})
    assert response.status_code == 400
    assert expired(response) == {("_ga", "")}
    assert response.headers["Content-Security-Policy"]


@pytest.mark.parametrize("name", ["_ga_a/b", "_hj(x)", "_ga_ä", "_ga_[1]"])
def test_a_cookie_whose_name_no_header_can_carry_does_not_stop_a_refusal(visitor: Client, name: str) -> None:
    cookies = {"Cookie": f"{name}=1; _fbp=1"}
    response = visitor.post("/sikdatnes/", "decision=reject_all", content_type=FORM, headers=cookies)
    assert response.status_code == 303
    assert expired(response) == {("_fbp", "")}


def test_storages_are_emptied_when_a_grant_ends_and_only_then(visitor: Client, shown: Shown) -> None:
    assert "Clear-Site-Data" not in decide(visitor, "reject_all").headers
    assert "Clear-Site-Data" not in decide(visitor, "save", "analytics", disclosure=shown.sha256).headers
    assert decide(visitor, "save", "hotjar", disclosure=shown.sha256).headers["Clear-Site-Data"] == '"storage"'
    assert decide(visitor, "withdraw").headers["Clear-Site-Data"] == '"storage"'
