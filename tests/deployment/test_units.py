"""The systemd units: systemd takes them, they are confined, and the site serves through the socket it is handed."""

import configparser
import re
import shutil
import signal
import subprocess
from pathlib import Path

import pytest

from ossnet_site import daily
from tests.deployment.conftest import SETTINGS, free_port, wait_for
from tests.deployment.container import ROOT, Image

UNITS = sorted(path for path in (ROOT / "deploy").iterdir() if path.suffix in (".service", ".socket", ".timer"))
SERVICES = [path for path in UNITS if path.suffix == ".service"]
# What systemd itself calls well confined; it says 9.6 of a service without a single directive.
MOST_EXPOSED = 20  # tenths


def unit(name: str) -> configparser.ConfigParser:
    parser = configparser.ConfigParser(strict=False, interpolation=None)
    parser.optionxform = str  # type: ignore[method-assign, assignment]
    parser.read(ROOT / "deploy" / name)
    return parser


def analyze(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    if shutil.which("systemd-analyze") is None:
        pytest.skip("systemd-analyze is not installed (on Debian: apt-get install systemd)")
    return subprocess.run(["systemd-analyze", *arguments], capture_output=True, text=True, check=False)


@pytest.mark.once
def test_systemd_takes_the_units(tmp_path: Path) -> None:
    for path in UNITS:  # it looks whether the programs are there, which they are on a server
        text, _count = re.subn(r"/opt/ossnet/(?:current|releases/%i)/\.venv/bin/\w+", "/bin/true", path.read_text())
        (tmp_path / path.name).write_text(text)
    result = analyze("verify", *(tmp_path / path.name for path in UNITS))
    assert result.returncode == 0, result.stderr
    assert str(tmp_path) not in result.stderr, result.stderr
    assert len(UNITS) == 5


@pytest.mark.once
@pytest.mark.parametrize("path", SERVICES, ids=lambda path: path.name)
def test_every_service_is_confined(path: Path) -> None:
    result = analyze("security", "--offline=true", f"--threshold={MOST_EXPOSED}", path)
    assert result.returncode == 0, result.stdout


@pytest.mark.parametrize("path", SERVICES, ids=lambda path: path.name)
def test_every_service_runs_one_release_as_the_sites_account_with_the_same_settings(path: Path) -> None:
    service = unit(path.name)["Service"]
    assert (service["User"], service["EnvironmentFile"]) == ("ossnet", "/etc/ossnet/site.env")
    # What runs reads its program through the link, which a release that is only being prepared must not need.
    release = "/opt/ossnet/releases/%i" if "@" in path.name else "/opt/ossnet/current"
    assert service["WorkingDirectory"] == release
    programs = re.findall(r"^ExecStart=(/opt\S+)/\.venv/", path.read_text(), re.MULTILINE)
    assert programs
    assert set(programs) == {release}


def test_the_timer_starts_the_one_list_of_daily_commands() -> None:
    assert unit("ossnet-daily.service")["Service"]["ExecStart"].endswith(" manage.py run_daily")
    timer = unit("ossnet-daily.timer")["Timer"]
    assert timer["OnCalendar"].endswith(" 03:30:00 Europe/Riga")
    assert timer["Persistent"] == "true"
    for name in ("docs/deployment.md", "README.md"):
        others = set(daily.STEPS) & set(re.findall(r"manage\.py (\w+)", (ROOT / name).read_text()))
        assert others <= {"verify_consent_log"}, f"{name} repeats the list"


def test_a_release_is_prepared_as_compose_prepares_it() -> None:
    text = (ROOT / "deploy" / "ossnet-prepare@.service").read_text()
    compose = (ROOT / "compose.yaml").read_text()
    for command in re.findall(r"python (manage\.py .+)", text):
        assert f"python {command}" in compose
    assert text.count("\nExecStart=") == 4


@pytest.mark.once
@pytest.mark.xdist_group("image")
def test_the_site_serves_through_a_socket_that_systemd_opened(prepared: Image) -> None:
    program = shutil.which("systemd-socket-activate")
    if program is None:
        pytest.skip("systemd-socket-activate is not installed (on Debian: apt-get install systemd)")
    port = free_port()
    words = unit("ossnet-site.service")["Service"]["ExecStart"].split()
    assert words[0].startswith("/opt/ossnet/current/.venv/bin/")
    command = prepared.process([f"/venv/bin/{Path(words[0]).name}", *words[1:]], env=SETTINGS)
    # gunicorn would bind PORT, where nobody may: it must take the socket instead.
    passed = [f"--setenv={name}={value}" for name, value in command["env"].items()] + ["--setenv=PORT=1"]
    activate = [program, f"--listen=127.0.0.1:{port}", *passed, *command["args"]]
    process = subprocess.Popen(activate, cwd=command["cwd"], env=command["env"], stderr=subprocess.DEVNULL)
    try:
        wait_for(f"http://127.0.0.1:{port}/healthz/ready", process)
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(40)
