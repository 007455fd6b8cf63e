"""The header in all eight combinations, and on every kind of answer."""

import base64
import hashlib
import re
from itertools import combinations
from pathlib import Path

import pytest
from django.conf import settings as configured
from django.contrib.auth.models import User
from django.test import Client
from pytest_django import Settings

from consent import csp
from consent.disclosures import Shown
from consent.scripts import CLEAR_STORAGE, PAGE_SCRIPT, integrity
from consent.services import ALL_SERVICES, CATEGORIES, of_categories
from tests.consent.decide import decide

COMBINATIONS = [combination for size in range(4) for combination in combinations(CATEGORIES, size)]


def hosts(header: str) -> set[str]:
    return set(re.findall(r"(?:https|wss)://\S+?(?=[ ;]|$)", header))


# What the vendors document; written out once more, so that a change in the code shows.
HOSTS = {
    "analytics": {
        "https://*.googletagmanager.com",
        "https://*.google-analytics.com",
        "https://*.analytics.google.com",
    },
    "facebook": {"https://connect.facebook.net", "https://www.facebook.com"},
    "hotjar": {"https://*.hotjar.com", "https://*.hotjar.io", "wss://*.hotjar.com"},
}


def hosts_of(categories: tuple[str, ...]) -> set[str]:
    return {host for category in categories for host in HOSTS[category]}


@pytest.mark.parametrize("granted", COMBINATIONS, ids=" ".join)
def test_each_answer_admits_exactly_the_hosts_of_the_granted_services(
    visitor: Client, shown: Shown, granted: tuple[str, ...]
) -> None:
    decide(visitor, "save", *granted, disclosure=shown.sha256)
    for address in ("/", "/privatuma-politika/", "/en/cookies/", "/none/"):
        assert hosts(visitor.get(address).headers["Content-Security-Policy"]) == hosts_of(granted)


def test_a_host_is_admitted_only_for_what_its_service_needs() -> None:
    header = csp.for_visitors(of_categories(("analytics",)), clears_storage=True)
    (scripts,) = re.findall(r"script-src ([^;]+);", header)
    hashes = [f"'{integrity(name)}'" for name in (PAGE_SCRIPT, CLEAR_STORAGE, "js/google-analytics.js")]
    assert scripts.split() == [*hashes, "https://*.googletagmanager.com"]
    assert "frame-src" not in header  # default-src 'none' holds
    assert "form-action 'self';" in header
    header = csp.for_visitors(of_categories(("facebook",)))
    assert "frame-src https://www.facebook.com;" in header
    assert "form-action 'self' https://www.facebook.com;" in header


def test_every_directive_of_a_service_is_one_that_the_header_has() -> None:
    assert {directive for service in ALL_SERVICES for directive in service.csp} <= set(csp.BASE)


def test_nothing_is_unsafe_and_nothing_is_allowed_by_default() -> None:
    header = csp.for_visitors(ALL_SERVICES)
    assert "unsafe" not in header
    assert header.startswith("default-src 'none'; ")
    assert " *;" not in header
    assert " * " not in header


def test_staff_pages_admit_no_third_party_whatever_was_granted(visitor: Client, shown: Shown) -> None:
    decide(visitor, "accept_all", disclosure=shown.sha256)
    visitor.force_login(User.objects.create_superuser("officer"))
    for address in ("/admin/", "/admin/consent/consentrecord/", "/admin/consent/declaredcookie/"):
        response = visitor.get(address)
        assert response.status_code == 200
        assert hosts(response.headers["Content-Security-Policy"]) == set()


def test_redirects_and_errors_carry_the_header_too(visitor: Client) -> None:
    assert decide(visitor, "reject_all").headers["Content-Security-Policy"].startswith("default-src 'none'")
    assert visitor.get("/admin/").status_code == 302
    assert visitor.get("/admin/").headers["Content-Security-Policy"].startswith("default-src 'none'")
    assert visitor.get("/", headers={"Host": "evil.example"}).headers["Content-Security-Policy"]


def test_while_developing_a_script_is_recognised_as_it_was_last_saved(settings: Settings, tmp_path: Path) -> None:
    settings.DEBUG = True
    settings.STATIC_ROOT = str(tmp_path)  # nothing has been collected
    source = Path(configured.BASE_DIR, "static/js/site.js").read_bytes()
    assert integrity("js/site.js") == "sha384-" + base64.b64encode(hashlib.sha384(source).digest()).decode()
