"""No secret is in the repository or in the image, and a pin with a known vulnerability does not pass."""

import json
import re
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.deployment.container import ignored
from tests.known_vulnerabilities import CANARY, PIN, Outcome, audit, judge

pytestmark = pytest.mark.once

ROOT = Path(__file__).resolve().parents[2]

# Files that hold secrets or people's data, by their names.
SECRET_NAMES = re.compile(
    r"(^|/)(\.env[^/]*|site\.env|id_(rsa|dsa|ecdsa|ed25519)[^/]*|\.netrc|\.pgpass|\.pypirc|\.htpasswd)$"
    r"|\.(pem|key|p12|pfx|jks|kdbx|ppk|sqlite3?|sqlite3-\w+|db|dump|sql|log)$"
)
# What secrets look like. Each pattern has an example below that it must find.
SECRETS = {
    "private key": r"-----BEGIN [A-Z ]*PRIVATE KEY(?: BLOCK)?-----",
    "cloud key": r"\b(?:AKIA|ASIA)[A-Z0-9]{16}\b",
    "API key": r"\bAIza[A-Za-z0-9_-]{35}\b",
    "token of a forge": r"\bgh[pousr]_[A-Za-z0-9]{36,}\b|\bgithub_pat_\w{22,}|\bglpat-[\w-]{20,}",
    "token of a registry": r"\bnpm_[A-Za-z0-9]{36}\b|\bpypi-[A-Za-z0-9_-]{50,}",
    "token of a chat": r"\bxox[abprs]-[A-Za-z0-9-]{10,}",
    "payment key": r"\b[sr]k_live_[A-Za-z0-9]{20,}",
    "signed token": r"\beyJ[A-Za-z0-9_-]{10,}\.eyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}",
    "secret key": r"(?:SECRET_KEY(?:_FALLBACKS)?|SIGNING_KEYS)\s*[=:]\s*[\"']?(?!\{)[A-Za-z0-9_!@#%^&*()+-]{32,}",
}
EXAMPLES = {
    "private key": "-----BEGIN " + "OPENSSH PRIVATE KEY-----",
    "cloud key": "AKIA" + "ABCDEFGHIJKLMNOP",
    "API key": "AIza" + "a" * 35,
    "token of a forge": "ghp_" + "a" * 36,
    "token of a registry": "npm_" + "a" * 36,
    "token of a chat": "xoxb-" + "1" * 12,
    "payment key": "sk_live_" + "a" * 24,
    "signed token": ".".join(("eyJ" + "a" * 12, "eyJ" + "b" * 12, "c" * 12)),
    "secret key": "SECRET_KEY" + "=" + "a1B2" * 12,
}
# The keys of the tests, which sign nothing outside of them.
KNOWN = {"tests/environment.py"}


def tracked() -> list[str]:
    """Every file of the repository."""
    listing = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=False)
    if listing.returncode != 0:
        pytest.skip("this is no git repository")
    return [name for name in listing.stdout.split("\0") if name and (ROOT / name).exists()]


def test_no_file_of_the_repository_is_named_like_a_secret_or_a_database() -> None:
    files = tracked()
    assert len(files) > 100
    assert [name for name in files if SECRET_NAMES.search(name)] == []


@pytest.mark.parametrize(
    "name",
    [
        ".env",
        "a/.env.local",
        "site.env",
        "db.sqlite3",
        "db.sqlite3-wal",
        "x/server.pem",
        "x.key",
        "id_ed25519",
        "a.sql",
    ],
)
def test_such_names_would_be_noticed(name: str) -> None:
    assert SECRET_NAMES.search(name)


@pytest.mark.parametrize("kind", SECRETS)
def test_no_file_of_the_repository_holds_what_looks_like_a_secret(kind: str) -> None:
    pattern = re.compile(SECRETS[kind])
    assert pattern.search(EXAMPLES[kind])
    texts = {name: (ROOT / name).read_text(encoding="utf-8", errors="ignore") for name in tracked()}
    assert sorted(name for name, text in texts.items() if pattern.search(text)) == sorted(
        name for name in KNOWN if kind == "secret key"
    )


@pytest.mark.parametrize(
    "path",
    [
        ".env",
        "site.env",
        "db.sqlite3",
        "db.sqlite3-wal",
        ".git/config",
        "tests/environment.py",
        "ossnet_site/.env",
        "ossnet_site/.env.production",
        "consent/db.sqlite3",
        "privacy/texts/db.sqlite3-wal",
        "static/server.key",
        "ossnet_site/tls/server.pem",
        "locale/backup.sql",
        "screenshots/page.png",
    ],
)
def test_no_secret_reaches_the_image(path: str) -> None:
    assert ignored(path)


def test_the_image_gets_what_the_dockerfile_copies_and_nothing_else_of_the_repository() -> None:
    dockerfile = (ROOT / "Dockerfile").read_text()
    copied = [
        source
        for line in re.findall(r"^(?:COPY|ADD) (?!--from)(.+)$", dockerfile, re.MULTILINE)
        for source in line.split()[:-1]
    ]
    assert "ossnet_site" in copied
    assert not {".", "./", "*"} & set(copied)
    sent = {name.split("/")[0] for name in tracked() if not ignored(name)}
    assert sent == set(copied)


def test_the_dockerfile_keeps_no_secret_in_a_layer() -> None:
    dockerfile = (ROOT / "Dockerfile").read_text()
    kept = re.findall(r"^(?:ENV|ARG|LABEL)\b(?:.*\\\n)*.*", dockerfile, re.MULTILINE)
    assert kept
    assert not re.search(r"KEY|SECRET|TOKEN|PASSWORD", "\n".join(kept), re.IGNORECASE)
    # The only keys of the build are made by the command that needs them.
    assert re.findall(r"(?:SECRET_KEY|SIGNING_KEYS)=(\S+)", dockerfile) == ['"$(python', '"$(python']


# Known vulnerabilities. The answers have the shape in which pip-audit 2.10 writes them.


def answer(*dependencies: Mapping[str, object]) -> str:
    return json.dumps({"dependencies": dependencies, "fixes": []})


CLEAN = {"name": "django", "version": "5.2.19", "vulns": []}
SKIPPED = {
    "name": "django",
    "skip_reason": "Dependency not found on PyPI and could not be audited: django (5.2.19)",
}
HOLE = {
    "id": "PYSEC-2021-98",
    "fix_versions": ["3.2.4"],
    "aliases": ["CVE-2021-33203"],
    "description": "Django admindocs discloses whether a file exists.",
}
VULNERABLE = {"name": "django", "version": "3.2", "vulns": [HOLE]}
CANARY_KNOWN = {
    "name": "pyyaml",
    "version": "5.3",
    "vulns": [{"id": "PYSEC-2020-96", "fix_versions": ["5.3.1"], "aliases": ["CVE-2020-1747"], "description": "…"}],
}
CANARY_UNKNOWN = {"name": "pyyaml", "version": "5.3", "vulns": []}
CANARY_SKIPPED = {
    "name": "pyyaml",
    "skip_reason": "Dependency not found on PyPI and could not be audited: pyyaml (5.3)",
}
NO_NETWORK = """Traceback (most recent call last):
  File "requests/adapters.py", line 729, in send
    raise ConnectionError(e, request=request)
requests.exceptions.ConnectionError: HTTPSConnectionPool(host='database.example', port=443): Max retries exceeded
"""
BAD_PINS = """ERROR:pip_audit._cli:requirement file pins.txt contains invalid specifier at line 1
    broken ==
           ^
"""


@pytest.mark.parametrize(
    ("output", "errors", "outcome"),
    [
        (answer(CLEAN, CANARY_KNOWN), "Found 1 known vulnerability in 1 package", Outcome.CLEAN),
        (answer(VULNERABLE, CANARY_KNOWN), "Found 2 known vulnerabilities in 2 packages", Outcome.VULNERABLE),
        (answer(SKIPPED, CANARY_SKIPPED), "No known vulnerabilities found", Outcome.NOT_REACHABLE),
        (answer(CLEAN, CANARY_UNKNOWN), "No known vulnerabilities found", Outcome.NOT_REACHABLE),
        (answer(VULNERABLE, CANARY_SKIPPED), "", Outcome.VULNERABLE),
        (answer(SKIPPED, CANARY_KNOWN), "", Outcome.BROKEN),
        ("", NO_NETWORK, Outcome.NOT_REACHABLE),
        ("", BAD_PINS, Outcome.BROKEN),
        ("", "No module named pip_audit", Outcome.BROKEN),
        ("{}", "", Outcome.BROKEN),
    ],
)
def test_an_answer_means_what_it_says(output: str, errors: str, outcome: Outcome) -> None:
    verdict = judge(output, errors)
    assert verdict.outcome is outcome
    assert "database.example" not in verdict.words


def test_a_vulnerable_pin_is_named_with_what_mends_it() -> None:
    words = judge(answer(VULNERABLE, CANARY_KNOWN), "").words
    assert "django==3.2: PYSEC-2021-98, mended in 3.2.4" in words
    assert "pyyaml" not in words


def test_the_real_database_knows_a_vulnerable_pin_where_it_can_be_asked() -> None:
    verdict = audit(["django==3.2"])
    if verdict.outcome is Outcome.NOT_REACHABLE:
        pytest.skip("no vulnerability database is reachable from here")
    assert verdict.outcome is Outcome.VULNERABLE
    assert "django==3.2: " in verdict.words


def test_without_a_network_the_real_tool_says_so_and_passes(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTPS_PROXY", "https_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")  # nobody listens on "discard"
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)
    result = command("requirements.lock")
    assert result.returncode == 0
    assert "the pins were NOT checked" in result.stdout
    assert "://" not in result.stdout
    assert result.stderr == ""


def test_a_lock_file_that_cannot_be_read_fails(tmp_path: Path) -> None:
    lock = tmp_path / "requirements.lock"
    lock.write_text("# nothing\n")
    assert command(str(lock)).returncode == 1
    lock.write_text("django==not-a-version\n")
    result = command(str(lock))
    assert result.returncode == 1
    assert "pip-audit failed" in result.stdout


def command(lock: str) -> subprocess.CompletedProcess[str]:
    program = [sys.executable, "-m", "tests.known_vulnerabilities", lock]
    return subprocess.run(program, cwd=ROOT, capture_output=True, text=True, check=False)


def test_every_pin_is_asked_about_and_bin_test_asks() -> None:
    text = (ROOT / "requirements.lock").read_text()
    assert len(PIN.findall(text)) == len(re.findall(r"^[a-z0-9]", text, re.MULTILINE)) > 20
    assert not any(pin.startswith(CANARY) for pin in PIN.findall(text))
    assert "-m tests.known_vulnerabilities" in (ROOT / "bin/test").read_text()
