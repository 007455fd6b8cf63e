"""The environment: safe by default, and a bad value stops the start with one line that names the variable."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
GOOD = {"SECRET_KEY": "k" * 50, "ENV_FILE": os.devnull, "PATH": os.environ["PATH"]}
SHOW = (
    "from django.conf import settings as s; print(s.DEBUG, s.HTTPS, s.COOKIE_CONSENT_NAME, s.SESSION_COOKIE_NAME,"
    " s.COOKIE_CONSENT_SECURE, s.SECURE_SSL_REDIRECT, s.GOOGLE_ANALYTICS_ID == '', s.DATABASES['default']['ENGINE'])"
)


def start(**variables: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "manage.py", "shell", "--no-imports", "-c", SHOW],
        cwd=ROOT,
        env=GOOD | variables,
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_defaults_are_those_of_a_safe_deployment() -> None:
    assert start().stdout.split() == [
        "False", "True", "__Host-consent", "__Host-sessionid", "True", "True", "True", "django.db.backends.sqlite3"
    ]  # fmt: skip


def test_without_https_the_cookies_work_on_loopback() -> None:
    assert start(HTTPS="False").stdout.split()[1:6] == ["False", "consent", "sessionid", "False", "False"]


def test_postgresql_is_named_by_its_address() -> None:
    assert start(DATABASE_URL="postgres://u:p@db/site").stdout.split()[-1] == "django.db.backends.postgresql"


def shown(expression: str, **variables: str) -> str:
    program = f"from django.conf import settings as s; from django.db import connection as c; print({expression})"
    command = [sys.executable, "manage.py", "shell", "--no-imports", "-c", program]
    return subprocess.run(command, cwd=ROOT, env=GOOD | variables, capture_output=True, text=True, check=True).stdout


def test_behind_a_tls_proxy_its_header_is_believed_and_otherwise_nobodys() -> None:
    believed = shown("s.SECURE_PROXY_SSL_HEADER", BEHIND_TLS_PROXY="True")
    assert believed.strip() == "('HTTP_X_FORWARDED_PROTO', 'https')"
    assert shown("s.SECURE_PROXY_SSL_HEADER, s.SECURE_HSTS_SECONDS").strip() == "None 31536000"


def test_staff_need_a_second_factor_unless_it_is_development_or_switched_off() -> None:
    assert shown("s.STAFF_SECOND_FACTOR").strip() == "True"
    assert shown("s.STAFF_SECOND_FACTOR", DEBUG="True").strip() == "True"
    assert shown("s.STAFF_SECOND_FACTOR", HTTPS="False").strip() == "False"
    assert shown("s.STAFF_SECOND_FACTOR", HTTPS="False", STAFF_SECOND_FACTOR="True").strip() == "True"
    assert shown("s.STAFF_SECOND_FACTOR", STAFF_SECOND_FACTOR="False").strip() == "False"


def test_a_decision_on_sqlite_survives_a_power_cut(tmp_path: Path) -> None:
    pragmas = "[c.cursor().execute(f'PRAGMA {p}').fetchone()[0] for p in ('journal_mode', 'synchronous')]"
    database = f"sqlite:///{tmp_path / 'site.sqlite3'}"
    assert shown(pragmas, DATABASE_URL=database).strip() == "['wal', 2]"
    assert shown("s.DATABASES['default']['OPTIONS']['transaction_mode']").strip() == "IMMEDIATE"


def test_a_postgresql_address_keeps_its_own_options() -> None:
    options = "sorted(s.DATABASES['default']['OPTIONS'].items())"
    address = "postgres://u:p@/site?host=/run/postgresql"
    assert shown(options, DATABASE_URL=address).strip() == "[('connect_timeout', 3), ('host', '/run/postgresql')]"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SECRET_KEY_FALLBACKS", "a"),
        ("ALLOWED_HOSTS", ""),
        ("SECRET_KEY", "short"),
        ("HTTPS", "perhaps"),
        ("DEBUG", "2"),
        ("BEHIND_TLS_PROXY", "x"),
        ("STAFF_SECOND_FACTOR", "maybe"),
        ("GOOGLE_ANALYTICS_ID", "UA-12345-1"),
        ("FACEBOOK_PIXEL_ID", "12345"),
        ("FACEBOOK_PIXEL_ID", "١٢٣٤٥٦٧٨٩٠"),
        ("HOTJAR_SITE_ID", "12'><script>"),
        ("DATABASE_URL", "nonsense"),
        ("DATABASE_URL", "postgres://u:p@db:port/name"),
        ("DATABASE_URL", "mysql://u:p@db/name"),
    ],
)
def test_a_bad_value_stops_the_start_and_names_the_variable(name: str, value: str) -> None:
    result = start(**{name: value})
    assert result.returncode != 0
    assert name in result.stderr.strip().splitlines()[-1]
