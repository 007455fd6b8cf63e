"""How to report a weakness: in the place where people look, and never out of date without anybody noticing."""

import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.core.checks import run_checks
from django.test import Client

from ossnet_site import security_txt
from ossnet_site.company import COMPANY
from tests.site.test_settings import GOOD

ROOT = Path(__file__).resolve().parents[2]
ADDRESS = "/.well-known/security.txt"
EXPIRY = datetime(2030, 6, 30, 12, tzinfo=UTC)


@pytest.fixture
def expires_in_june(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(security_txt, "EXPIRES", EXPIRY)


def fields(client: Client) -> list[tuple[str, str]]:
    """The fields as RFC 9116 reads them: a name, a colon, a space, a value; lines end with a line feed."""
    text = client.get(ADDRESS).content.decode("ascii")
    assert text.endswith("\n")
    return [tuple(line.split(": ", 1)) for line in text.splitlines()]  # type: ignore[misc]


def test_it_is_plain_text_that_says_how_to_report(client: Client, expires_in_june: None) -> None:
    response = client.get(ADDRESS)
    assert response.status_code == 200
    assert response.headers["Content-Type"] == "text/plain; charset=utf-8"
    assert not response.cookies
    assert fields(client) == [
        ("Contact", f"mailto:{COMPANY.email}"),
        ("Expires", "2030-06-30T12:00:00Z"),
        ("Preferred-Languages", "lv, en"),
    ]


def test_over_https_it_says_where_it_is(settings: Any) -> None:
    settings.HTTPS = True
    assert ("Canonical", "https://testserver/.well-known/security.txt") in fields(Client())


def test_it_is_the_same_for_everybody_and_needs_no_database(client: Client) -> None:
    english = client.get(ADDRESS, headers={"Accept-Language": "en", "Cookie": "consent=x"})
    assert english.content == client.get(ADDRESS).content


@pytest.mark.django_db
@pytest.mark.parametrize("method", ["put", "patch", "delete"])
def test_it_is_only_read(client: Client, method: str) -> None:
    assert getattr(client, method)(ADDRESS).status_code == 405


@pytest.mark.django_db
def test_a_host_that_is_not_ours_gets_nothing(settings: Any) -> None:
    settings.HTTPS = True
    assert Client(headers={"Host": "evil.example"}).get(ADDRESS).status_code == 400


@pytest.mark.parametrize(
    ("before", "ids"),
    [
        (timedelta(days=365), []),
        (timedelta(days=30, seconds=1), []),
        (timedelta(days=30), ["site.W002"]),
        (timedelta(seconds=1), ["site.W002"]),
        (timedelta(), ["site.W003"]),
        (timedelta(days=-400), ["site.W003"]),
    ],
)
def test_the_check_warns_30_days_ahead_and_says_what_to_do(
    expires_in_june: None, before: timedelta, ids: list[str]
) -> None:
    with time_machine.travel(EXPIRY - before, tick=False):
        messages = [message for message in run_checks(tags=["security"]) if str(message.id).startswith("site.")]
    assert [message.id for message in messages] == ids
    for message in messages:
        assert "30 June 2030" in message.msg
        assert "ossnet_site/security_txt.py" in str(message.hint)


def test_an_expired_file_keeps_nobody_from_migrating_but_fails_the_check_of_bin_test() -> None:
    program = (
        "import sys, time_machine; from ossnet_site import security_txt as s; from datetime import timedelta as t;"
        "from django.core.management import execute_from_command_line as run;"
        "time_machine.travel(s.EXPIRES + t(days=1)).start(); run(['manage.py', *sys.argv[1:]])"
    )
    environment = GOOD | {"DJANGO_SETTINGS_MODULE": "ossnet_site.settings", "DATABASE_URL": "sqlite://:memory:"}

    def manage(*arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-c", program, *arguments]
        return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)

    strict = manage("check", "--deploy", "--fail-level", "DEBUG")
    assert strict.returncode != 0
    assert "site.W003" in strict.stderr
    assert "set EXPIRES in ossnet_site/security_txt.py" in strict.stderr
    assert "--fail-level DEBUG" in (ROOT / "bin/test").read_text()
    assert manage("migrate", "--plan").returncode == 0


def test_the_promise_is_for_a_year_at_most() -> None:
    """Looked at on the day of the last change of the file, as far as git knows it; otherwise on the first day."""
    command = ["git", "log", "-1", "--format=%cI", "--", "ossnet_site/security_txt.py"]
    changed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False).stdout.strip()
    day = datetime.fromisoformat(changed) if changed else datetime(2026, 11, 23, tzinfo=UTC)
    assert security_txt.EXPIRES - day <= timedelta(days=366)


def test_the_document_names_the_same_address() -> None:
    text = (ROOT / "SECURITY.md").read_text(encoding="utf-8")
    assert COMPANY.email in text
    assert ADDRESS in text
