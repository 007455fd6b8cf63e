"""What must not serve visitors says so under ``check --deploy`` and does not start."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from django.core.checks import run_checks
from django.core.exceptions import ImproperlyConfigured
from django.db import connection

from ossnet_site import checks
from tests.site.test_settings import GOOD

ROOT = Path(__file__).resolve().parents[2]
STORE = "redis://store:6379/0"
OURS = {"site.E001", "site.E002", "site.E003", "site.E004", "site.W005"}


@pytest.fixture
def production(settings: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    """One machine with everything at its default, as an operator reaches it."""
    settings.DEBUG = False
    settings.HTTPS = True
    settings.ALLOWED_HOSTS = ["ossnet.lv"]
    monkeypatch.setattr(connection, "vendor", "sqlite")
    settings.RATE_LIMIT_STORE = ""
    settings.MACHINES, settings.WEB_CONCURRENCY = 1, 2
    return settings


def found() -> set[str]:
    # Every check of a deployment, as the command runs it; the others are not the matter here.
    return {str(message.id) for message in run_checks(tags=["security"], include_deployment_checks=True)} & OURS


def refused() -> str:
    try:
        checks.require_sound_production()
    except ImproperlyConfigured as reason:
        return str(reason)
    return ""


def test_one_machine_with_two_processes_needs_neither_postgresql_nor_a_shared_store(production: Any) -> None:
    assert found() == set()
    assert refused() == ""


@pytest.mark.parametrize(
    ("vendor", "store", "errors"),
    [
        ("sqlite", "", {"site.E001", "site.E002"}),
        ("sqlite", STORE, {"site.E001"}),
        ("postgresql", "", {"site.E002"}),
        ("postgresql", STORE, set()),
    ],
)
def test_several_machines_need_one_database_and_one_count(
    production: Any, vendor: str, store: str, errors: set[str]
) -> None:
    production.MACHINES = 2
    connection.vendor = vendor  # the fixture takes it back
    production.RATE_LIMIT_STORE = store
    assert found() == errors
    assert ("SQLite serves one machine" in refused()) is ("site.E001" in errors)
    assert ("Set RATE_LIMIT_STORE" in refused()) is ("site.E002" in errors)


@pytest.mark.parametrize(
    ("hosts", "is_refused"),
    [
        (["localhost", "127.0.0.1"], False),
        (["LOCALHOST", "site.localhost", "127.8.9.1", "[::1]"], False),
        (["localhost", "ossnet.lv"], True),
        (["*"], True),
        ([".ossnet.lv"], True),
        (["192.168.1.5"], True),
        (["localhost.ossnet.lv"], True),
        (["notlocalhost"], True),
    ],
)
def test_without_https_only_this_machine_is_served(production: Any, hosts: list[str], is_refused: bool) -> None:
    production.ALLOWED_HOSTS = hosts
    assert found() == set()
    production.HTTPS = False
    assert found() == ({"site.E003"} if is_refused else set())
    assert ("HTTPS is off" in refused()) is is_refused


def test_development_may_do_all_of_it_but_serve_other_machines(production: Any) -> None:
    production.MACHINES, production.HTTPS, production.DEBUG = 3, False, True
    production.ALLOWED_HOSTS = ["localhost", "127.0.0.1"]
    assert found() == set()
    assert refused() == ""
    production.HTTPS, production.ALLOWED_HOSTS = True, ["localhost", "ossnet.lv"]
    assert found() == {"site.E004"}
    assert "DEBUG is on, but ALLOWED_HOSTS names more than this machine: ossnet.lv." in refused()


@pytest.mark.parametrize(("processes", "store", "warned"), [(2, "", False), (3, "", True), (3, STORE, False)])
def test_more_processes_than_the_default_are_advised_to_count_together_and_start_all_the_same(
    production: Any, processes: int, store: str, warned: bool
) -> None:
    production.WEB_CONCURRENCY, production.RATE_LIMIT_STORE = processes, store
    assert found() == ({"site.W005"} if warned else set())
    assert refused() == ""


def start(*command: str, **variables: str) -> subprocess.CompletedProcess[str]:
    environment = {**GOOD, "DATABASE_URL": "sqlite://:memory:", "ALLOWED_HOSTS": "ossnet.lv", **variables}
    return subprocess.run(
        [sys.executable, *command], cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )


@pytest.mark.once
@pytest.mark.parametrize(
    ("variables", "named"),
    [
        ({"MACHINES": "2"}, "DATABASE_URL"),
        ({"HTTPS": "False"}, "HTTPS"),
        ({"DEBUG": "True"}, "DEBUG"),
        ({"CONSENT_SIGNING_KEYS": ""}, "CONSENT_SIGNING_KEYS"),
    ],
)
def test_the_server_refuses_to_start_and_its_last_line_names_the_setting(variables: dict[str, str], named: str) -> None:
    served = start("-c", "import ossnet_site.wsgi", **variables)
    assert served.returncode != 0
    assert named in served.stderr.splitlines()[-1]


@pytest.mark.once
def test_the_check_of_a_deployment_fails_for_the_same_and_names_all_of_it() -> None:
    checked = start("manage.py", "check", "--deploy", MACHINES="2", HTTPS="False")
    assert checked.returncode != 0
    assert all(f"(site.E00{number})" in checked.stderr for number in (1, 2, 3))


@pytest.mark.once
def test_a_sound_production_starts() -> None:
    served = start("-c", "import ossnet_site.wsgi")
    assert served.returncode == 0, served.stderr
