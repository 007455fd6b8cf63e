"""The headers of every answer; the rules of the MDN HTTP Observatory that make an A+ are checked on every page."""

import base64
import hashlib
import re
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.contrib.staticfiles import finders
from django.test import Client
from lxml import html

from consent.disclosures import Shown
from consent.services import ALL_SERVICES
from ossnet_site.browser_features import FEATURES
from privacy.models import PolicyVersion
from tests.consent.decide import decide

PAGES = ["/", "/kontakti/", "/privatuma-politika/", "/privatuma-politika/versijas/", "/sikdatnes/", "/en/cookies/",
         "/sikdatnes/apliecinajums/", "/sikdatnes/parbaude/", "/none/", "/admin/login/"]  # fmt: skip
OTHERS = ["/static/css/site.css", "/healthz/live", "/healthz/ready", "/.well-known/gpc.json", "/admin", "/csp-reports/",
          "/privatuma-politika/versijas/atom.xml", "/static/none.css", "/robots.txt", "/sitemap.xml",
          "/.well-known/jwks.json", "/.well-known/consent-log.json"]  # fmt: skip


def close_file(response: Any) -> None:
    """Of a static file. ``response.close`` would also give the connection of the test away."""
    for close in response._resource_closers:
        close()


def directives(header: str) -> dict[str, list[str]]:
    return {words[0]: words[1:] for words in (part.split() for part in header.split(";"))}


@pytest.mark.parametrize("address", [*PAGES, *OTHERS])
def test_every_answer_carries_every_header(visitor: Client, settings: Any, address: str) -> None:
    settings.SECURE_HSTS_SECONDS = 31_536_000
    response = visitor.get(address, secure=True)
    close_file(response)
    headers = response.headers
    policy = directives(headers["Content-Security-Policy"])
    assert policy["default-src"] == policy["base-uri"] == policy["frame-ancestors"] == ["'none'"]
    assert policy["form-action"] in (["'self'"], ["'none'"])
    assert "unsafe" not in headers["Content-Security-Policy"]
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "same-origin"
    assert headers["Cross-Origin-Opener-Policy"] == headers["Cross-Origin-Resource-Policy"] == "same-origin"
    assert headers["Strict-Transport-Security"].startswith("max-age=31536000")
    assert "Server" not in headers
    assert "X-Powered-By" not in headers


@pytest.mark.parametrize("address", PAGES)
def test_a_page_switches_every_feature_off_and_embeds_nothing_foreign(visitor: Client, address: str) -> None:
    headers = visitor.get(address).headers
    assert headers["Permissions-Policy"] == ", ".join(f"{feature}=()" for feature in sorted(FEATURES))
    assert headers["Cross-Origin-Embedder-Policy"] == "require-corp"
    policy = directives(headers["Content-Security-Policy"])
    assert policy["object-src"] == ["'none'"]
    assert policy["report-uri"] == ["/csp-reports/"]


def test_other_answers_are_not_burdened_with_what_is_about_pages(visitor: Client) -> None:
    response = visitor.get("/static/css/site.css")
    close_file(response)
    assert not {"Permissions-Policy", "Cross-Origin-Embedder-Policy"} & set(response.headers)


def test_nothing_but_scripts_with_known_bytes_runs_on_a_visitors_page(visitor: Client) -> None:
    for address in PAGES[:-1]:
        policy = directives(visitor.get(address).headers["Content-Security-Policy"])
        assert policy["script-src"]
        assert all(re.fullmatch(r"'sha384-[\w+/]{64}'", source) for source in policy["script-src"]), policy
        assert policy["require-trusted-types-for"] == ["'script'"]
        assert policy["trusted-types"] == ["'none'"]


@pytest.mark.parametrize("service", ALL_SERVICES, ids=lambda service: service.slug)
def test_a_granted_service_may_load_its_files_and_build_its_elements(
    visitor: Client, shown: Shown, service: Any
) -> None:
    decide(visitor, "save", service.category, disclosure=shown.sha256)
    headers = visitor.get("/").headers
    assert "Cross-Origin-Embedder-Policy" not in headers
    policy = directives(headers["Content-Security-Policy"])
    assert "require-trusted-types-for" not in policy
    assert "trusted-types" not in policy
    assert policy["report-uri"] == ["/csp-reports/"]


def test_every_script_and_style_of_ours_says_which_bytes_it_expects(visitor: Client, shown: Shown) -> None:
    decide(visitor, "accept_all", disclosure=shown.sha256)
    admin = Client()
    admin.force_login(User.objects.create_superuser("Anna"))
    pages = [visitor.get(address) for address in PAGES[:-1]] + [Client().get("/")]
    version = PolicyVersion.objects.get(number=1)
    pages += [admin.get(f"/admin/privacy/policyversion/{version.pk}/{page}/") for page in ("history", "compare")]
    ours = 0
    for page in pages:
        for element in html.fromstring(page.content.decode()).xpath("//script[@src]|//link[@rel='stylesheet']"):
            name = (element.get("src") or element.get("href")).removeprefix("/static/")
            if not name.startswith(("css/", "js/")):
                continue  # Django's own, on staff pages
            with open(str(finders.find(name)), "rb") as file:
                digest = base64.b64encode(hashlib.sha384(file.read()).digest()).decode()
            assert element.get("integrity") == f"sha384-{digest}", name
            ours += 1
    assert ours > 30


def test_a_visitors_page_has_no_inline_script_or_handler(visitor: Client) -> None:
    """Data about the company is in an element of this name too, of a type that no browser runs."""
    for address in PAGES:
        document = html.fromstring(visitor.get(address).content.decode())
        scripts = document.xpath("//script[not(@src)]")
        assert {element.get("type") for element in scripts} <= {"application/ld+json"}
        assert document.xpath("//*[@style] | //@*[starts-with(name(), 'on')]") == []


def test_the_one_style_in_a_page_is_named_by_the_policy(visitor: Client) -> None:
    for address in PAGES[:-1]:
        response = visitor.get(address)
        (style,) = html.fromstring(response.content.decode()).xpath("//style")
        digest = base64.b64encode(hashlib.sha256(style.text.encode()).digest()).decode()
        policy = directives(response.headers["Content-Security-Policy"])
        assert policy["style-src"] == ["'self'", f"'sha256-{digest}'"]


def test_before_a_decision_no_page_sets_a_cookie(visitor: Client) -> None:
    for address in [*PAGES[:-1], *OTHERS]:
        response = visitor.get(address)
        close_file(response)
        assert not response.cookies, address
