"""The environment: safe by default, and a bad value stops the start with one line that names the variable."""

import os
import secrets
import subprocess
import sys
from base64 import b32encode
from pathlib import Path

import pytest

from ossnet_site import values

pytestmark = pytest.mark.once

ROOT = Path(__file__).resolve().parents[2]
# As random as a key must look, and known to everybody.
KEY = "Vt7mQz2Lw9Xc4Rb6Np8Kd3Hs5Jf1Gy0Tu-Ea_Oi4Mv7Zq2Ux9W"
# The private and the public key of RFC 8037, appendix A.
SIGNING_KEY = "nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A"
PUBLIC_KEY = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"
GOOD = {"SECRET_KEY": KEY, "CONSENT_SIGNING_KEYS": SIGNING_KEY, "ENV_FILE": os.devnull, "PATH": os.environ["PATH"]}
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


def test_whoever_steals_the_hashes_of_passwords_must_guess_slowly() -> None:
    """The tests themselves use a quick one."""
    assert shown("s.PASSWORD_HASHERS[0]").strip() == "django.contrib.auth.hashers.PBKDF2PasswordHasher"


def test_without_https_the_cookies_work_on_loopback() -> None:
    assert start(HTTPS="False").stdout.split()[1:6] == ["False", "consent", "sessionid", "False", "False"]


def test_postgresql_is_named_by_its_address() -> None:
    assert start(DATABASE_URL="postgres://u:p@db/site").stdout.split()[-1] == "ossnet_site.postgresql"


def shown(expression: str, **variables: str) -> str:
    program = f"from django.conf import settings as s; from django.db import connection as c; print({expression})"
    env = GOOD | {"DJANGO_SETTINGS_MODULE": "ossnet_site.settings"} | variables
    command = [
        sys.executable,
        "-c",
        program,
    ]  # without the applications: settings alone are read in a third of the time
    return subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, check=True).stdout


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
    options = (
        "sorted((k, v) for k, v in s.DATABASES['default']['OPTIONS'].items() if 'keepalives' not in k and k != 'pool')"
    )
    address = "postgres://u:p@/site?host=/run/postgresql&tcp_user_timeout=900"
    said = "[('connect_timeout', 3), ('host', '/run/postgresql'), ('tcp_user_timeout', 900)]"
    assert shown(options, DATABASE_URL=address).strip() == said


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
        ("RATE_LIMIT_DECISIONS", "0/minute"),
        ("RATE_LIMIT_STORE", "nonsense"),
        ("MACHINES", "0"),
        ("LOG_REQUESTS", "some"),
        ("METRICS_TOKEN", "k" * 50),
        ("METRICS_TOKEN", KEY[:31]),
        ("SENTRY_DSN", "nonsense"),
        ("CONSENT_SIGNING_KEYS", ""),
        ("CONSENT_SIGNING_KEYS", "short"),
        ("CONSENT_SIGNING_KEYS", SIGNING_KEY + "="),
        ("CONSENT_SIGNING_KEYS", SIGNING_KEY + ","),
        ("CONSENT_SIGNING_KEYS", SIGNING_KEY[:-1] + "B"),
        ("CONSENT_SIGNING_KEYS", "ā" * 43),
        ("CONSENT_SIGNING_KEYS", "a" * 42 + "A"),
        ("CONSENT_SIGNING_KEYS", "public:" + PUBLIC_KEY),
    ],
)
def test_a_bad_value_stops_the_start_and_names_the_variable(name: str, value: str) -> None:
    result = start(**{name: value})
    assert result.returncode != 0
    assert name in result.stderr.strip().splitlines()[-1]


def test_a_missing_signing_key_says_how_to_make_one_and_a_bad_one_is_not_repeated() -> None:
    said = start(CONSENT_SIGNING_KEYS="").stderr.strip().splitlines()[-1]
    assert "CONSENT_SIGNING_KEYS must be set to 32 random bytes" in said
    assert "secrets.token_urlsafe(32)" in said
    assert "a" * 43 not in start(CONSENT_SIGNING_KEYS="a" * 43).stderr
    kept = shown("s.CONSENT_SIGNING_KEYS", CONSENT_SIGNING_KEYS=f"{SIGNING_KEY}, public:{PUBLIC_KEY}")
    assert kept.strip() == str([SIGNING_KEY, "public:" + PUBLIC_KEY])
    assert start(CONSENT_SIGNING_KEYS=secrets.token_urlsafe(32)).returncode == 0


@pytest.mark.parametrize(
    "key",
    [
        "django-insecure-" + KEY,
        "changeme" + KEY,
        "Change-Me-" + KEY,
        "this-is-my-secret-key-and-it-is-long-enough-for-you",
        "your_key_goes_here_it_must_have_forty_characters",
        "k" * 50,
        "ab" * 25,
        KEY[:25] * 2,
        "112233445566778899112233445566778899998877",
    ],
)
def test_a_key_that_could_be_guessed_is_recognised(key: str) -> None:
    assert values.is_guessable(key)


@pytest.mark.parametrize("name", ["SECRET_KEY", "SECRET_KEY_FALLBACKS"])
def test_a_key_that_could_be_guessed_stops_the_start_outside_development_and_is_not_repeated(name: str) -> None:
    key = "django-insecure-" + KEY
    result = start(**{name: key})
    assert result.returncode != 0
    assert name in result.stderr.strip().splitlines()[-1]
    assert key not in result.stderr
    assert start(**{name: key, "DEBUG": "True"}).returncode == 0


def test_a_random_key_is_taken_whichever_way_it_was_made() -> None:
    for make in (secrets.token_hex, secrets.token_urlsafe, lambda size: b32encode(secrets.token_bytes(size)).decode()):
        assert not [key for key in (make(32) for _ in range(5000)) if values.is_guessable(key)]


@pytest.mark.parametrize(
    ("given", "read"),
    [
        ("", ""),
        ("redis://store", "redis://store"),
        ("redis://:p%40ss@store:6379/1", "redis://:p%40ss@store:6379/1"),
        ("rediss://name:password@[2001:db8::1]:6380/0", "rediss://name:password@[2001:db8::1]:6380/0"),
        ("valkey://store:6379", "redis://store:6379"),
        ("valkeys://store", "rediss://store"),
        ("valkey+unix:///run/valkey.sock", "redis+unix:///run/valkey.sock"),
        ("redis+unix:///run/redis.sock?db=1", "redis+unix:///run/redis.sock?db=1"),
    ],
)
def test_a_shared_store_is_named_by_its_address(given: str, read: str) -> None:
    assert values.store_address(given) == read


@pytest.mark.parametrize(
    "given",
    [
        "redis",
        "redis://",
        "redis://:6379",
        "redis://store:port",
        "redis://store:99999",
        "redis://store:0",
        "redis://store/name",
        "redis://[::1",
        "redis+unix://",
        "redis+unix://host/path",
        "memcached://store",
        "mongodb://store",
        "memory://",
        "http://store",
        "store:6379",
    ],
)
def test_a_malformed_address_of_a_store_is_refused(given: str) -> None:
    assert values.store_address(given) is None


def test_a_malformed_store_stops_the_start_without_showing_its_password() -> None:
    result = start(RATE_LIMIT_STORE="redis://:hunter2@store:port")
    assert result.returncode != 0
    assert "RATE_LIMIT_STORE" in result.stderr.strip().splitlines()[-1]
    assert "hunter2" not in result.stderr


@pytest.mark.parametrize("value", ["1/second", "60/minute;600/hour", "10 per 5 minutes", "1/day, 5/month"])
def test_limits_are_read_as_they_are_written(value: str) -> None:
    assert values.is_limit(value)


@pytest.mark.parametrize("value", ["", "60", "many", "0/minute", "60/minute;0/hour", "-1/hour", "60/fortnight", ";"])
def test_what_is_no_limit_is_refused(value: str) -> None:
    assert not values.is_limit(value)


@pytest.mark.parametrize(
    ("value", "is_one"),
    [
        ("https://0a1b2c3d@reports.example/7", True),
        ("https://0a1b2c3d@reports.example:8443/path/to/7", True),
        ("http://0a1b2c3d@reports.example/7", False),
        ("https://reports.example/7", False),
        ("https://0a1b2c3d:secret@reports.example/7", False),
        ("https://0a1b2c3d@reports.example/project", False),
        ("https://0a1b2c3d@reports.example:port/7", False),
        ("https://0a1b2c3d@/7", False),
    ],
)
def test_reports_go_to_a_project_over_https(value: str, is_one: bool) -> None:
    assert values.is_dsn(value) is is_one


def test_a_token_and_a_key_that_are_refused_are_not_repeated() -> None:
    assert "k" * 20 not in start(METRICS_TOKEN="k" * 50).stderr
    assert "hunter2" not in start(SENTRY_DSN="https://hunter2@reports.example").stderr


def test_nothing_is_told_to_anybody_unless_it_is_asked_for() -> None:
    assert shown("[s.LOG_REQUESTS, s.METRICS_TOKEN, s.SENTRY_DSN]").strip() == "[False, '', '']"
