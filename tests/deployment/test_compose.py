"""``compose.yaml`` says what it must, names what exists, and holds no secret."""

import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.deployment.container import ROOT, instructions
from tests.site.test_documents import table_cells

TEXT = (ROOT / "compose.yaml").read_text()
COMPOSE: dict[str, Any] = yaml.safe_load(TEXT)
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
OURS = [name for name, service in SERVICES.items() if "build" in service]
SETTINGS = {row[0]: row[1] for row in table_cells("Configuration")}
# Read from the environment alone, where a container has no use for them, or fixed by the image.
NOT_IN_A_CONTAINER = {"ENV_FILE", "PYTHON", "CHROMIUM", "DEBUG", "PORT"}
# What else stands in the file of the operator: for compose.yaml itself.
FOR_COMPOSE = {"SITE_ADDRESS", "POSTGRES_PASSWORD", "SITE_RELEASE"}
OF_POSTGRESQL = {"POSTGRES_DB", "POSTGRES_USER", "POSTGRES_PASSWORD", "POSTGRES_INITDB_ARGS"}
NEEDED = re.compile(r"\$\{(\w+):\?")
GIVEN = {
    "SECRET_KEY": "a",
    "CONSENT_SIGNING_KEYS": "b",
    "ALLOWED_HOSTS": "c",
    "SITE_ADDRESS": "d",
    "POSTGRES_PASSWORD": "e",
}


@pytest.mark.parametrize("name", SERVICES)
def test_every_service_has_a_health_check_limits_and_a_way_to_come_back(name: str) -> None:
    service = SERVICES[name]
    is_one_off = service["restart"] == "no"
    if is_one_off:  # it ends; the others wait until it has ended well
        assert service["healthcheck"] == {"disable": True}
        waiting = [other["depends_on"] for other in SERVICES.values() if name in other.get("depends_on", {})]
        assert waiting
        assert {one[name]["condition"] for one in waiting} == {"service_completed_successfully"}
    else:
        assert service["restart"] == "unless-stopped"
        assert service["healthcheck"]["test"][0] in ("CMD", "CMD-SHELL")
    assert re.fullmatch(r"[0-9]+[mg]", service["mem_limit"])
    assert 0 < service["cpus"] <= 2
    assert 0 < service["pids_limit"] <= 256
    assert service["logging"]["options"]["max-size"], "a log cannot fill the disk"


def test_nothing_is_named_that_is_not_there() -> None:
    volumes = {mount.split(":")[0] for service in SERVICES.values() for mount in service.get("volumes", [])}
    files = {name for name in volumes if "/" in name}
    assert all((ROOT / name).is_file() for name in files)
    assert volumes - files == set(COMPOSE["volumes"])
    networks = {name for service in SERVICES.values() for name in service["networks"]}
    assert networks == set(COMPOSE["networks"])
    for service in SERVICES.values():
        for other, how in service.get("depends_on", {}).items():
            assert how["condition"] != "service_healthy" or "test" in SERVICES[other]["healthcheck"]


def test_the_database_and_the_store_are_reached_from_inside_alone_and_the_site_through_the_front() -> None:
    assert COMPOSE["networks"]["inside"] == {"internal": True}
    assert SERVICES["database"]["networks"] == SERVICES["store"]["networks"] == ["inside"]
    assert [name for name, service in SERVICES.items() if "ports" in service] == ["front"]


@pytest.mark.parametrize("name", OURS)
def test_the_site_gets_every_setting_of_the_table_and_no_other(name: str) -> None:
    assert set(SERVICES[name]["environment"]) == set(SETTINGS) - NOT_IN_A_CONTAINER
    assert SERVICES[name]["cap_drop"] == ["ALL"]
    assert SERVICES[name]["read_only"] is True


def test_what_has_no_default_is_required_with_a_word_on_where_it_comes_from() -> None:
    required = {name for name, default in SETTINGS.items() if "required" in default}
    assert required == {"SECRET_KEY", "CONSENT_SIGNING_KEYS"}
    assert required <= set(NEEDED.findall(TEXT))
    assert all("--env-file" in message for message in re.findall(r"\$\{\w+:\?([^}]*)\}", TEXT))
    assert set(NEEDED.findall(TEXT)) == set(GIVEN)
    assert set(re.findall(r"\$\{(\w+)", TEXT)) <= set(SETTINGS) | FOR_COMPOSE


def test_other_images_get_only_what_they_know() -> None:
    assert set(SERVICES["database"]["environment"]) == OF_POSTGRESQL
    caddyfile = (ROOT / "deploy" / "Caddyfile").read_text()
    assert set(SERVICES["front"]["environment"]) == set(re.findall(r"\{\$(\w+)", caddyfile))
    assert "environment" not in SERVICES["store"]


def test_the_database_is_healthy_only_when_it_takes_connections_from_the_network() -> None:
    test = SERVICES["database"]["healthcheck"]["test"]
    assert test[test.index("--host") + 1] == "127.0.0.1", "on the socket a new database answers before it is filled"


def leaves(value: object) -> Iterator[str]:
    if isinstance(value, dict):
        for inner in value.values():
            yield from leaves(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from leaves(inner)
    elif isinstance(value, str):
        yield value


def test_no_secret_stands_in_the_file() -> None:
    for service in SERVICES.values():
        for name, value in service.get("environment", {}).items():
            if re.search("KEY|PASSWORD|SECRET", name):
                assert value is None or NEEDED.match(value), name
    for text in leaves(COMPOSE):
        assert re.fullmatch(r"\w+://[^:/]*:\$\{POSTGRES_PASSWORD:\?[^}]*\}@.*", text) or not re.search(
            r"://[^/]*@", text
        )


def test_the_example_of_the_settings_file_holds_names_alone() -> None:
    lines = (ROOT / "deploy" / "settings.example").read_text().splitlines()
    entries = [line.partition("=") for line in lines if line and not line.startswith("#")]
    assert [value for _name, _sign, value in entries if value] == []
    names = {name for name, _sign, _value in entries}
    assert set(GIVEN) <= names <= set(SETTINGS) | FOR_COMPOSE


def test_the_image_is_what_compose_believes_of_it() -> None:
    dockerfile = (ROOT / "Dockerfile").read_text()
    exposed = next(rest for name, rest in instructions(dockerfile) if name == "EXPOSE")
    assert f"127.0.0.1:{exposed}/healthz/ready" in SERVICES["web"]["healthcheck"]["test"][-1]
    assert SERVICES["front"]["environment"]["SITE_UPSTREAMS"] == f"web:{exposed}"
    assert "--mode=0755 /static" in dockerfile
    assert SERVICES["prepare"]["volumes"] == ["static:/static"]


@pytest.mark.once
def test_compose_itself_takes_the_file_and_names_what_is_missing(tmp_path: Path) -> None:
    plugin = shutil.which("docker") and subprocess.run(
        ["docker", "compose", "version"], capture_output=True, check=False
    )
    if plugin and plugin.returncode == 0:
        command, text = ["docker", "compose"], TEXT
    elif shutil.which("docker-compose"):
        # The first edition, which knows all of this file but its name.
        command, text = ["docker-compose"], TEXT.replace("name: ossnet\n", "", 1)
    else:
        pytest.skip("neither docker compose nor docker-compose is installed")
    (tmp_path / "compose.yaml").write_text(text)

    def config(given: dict[str, str]) -> subprocess.CompletedProcess[str]:
        settings = tmp_path / "settings"
        settings.write_text("".join(f"{name}={value}\n" for name, value in given.items()))
        words = [*command, "--env-file", str(settings), "-f", str(tmp_path / "compose.yaml"), "config"]
        environment = {"PATH": "/usr/local/bin:/usr/bin:/bin", "HOME": str(tmp_path)}
        return subprocess.run(words, env=environment, cwd=tmp_path, capture_output=True, text=True, check=False)

    taken = config(GIVEN | {"HSTS": "host"})
    assert taken.returncode == 0, taken.stderr
    web = yaml.safe_load(taken.stdout)["services"]["web"]["environment"]
    assert web["DATABASE_URL"] == "postgres://ossnet:e@database:5432/ossnet"
    assert web["HSTS"] == "host"
    assert not web.get("METRICS_TOKEN"), "a name without a value is at its default"
    refused = config({name: value for name, value in GIVEN.items() if name != "POSTGRES_PASSWORD"})
    assert refused.returncode != 0
    assert "set it in the file that --env-file names" in refused.stderr
