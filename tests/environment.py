"""A pytest plugin, loaded before Django: the environment of the tests, whatever the machine's own .env says."""

import os

os.environ.update(
    DJANGO_SETTINGS_MODULE="ossnet_site.settings",
    ENV_FILE=os.devnull,
    SECRET_KEY="a-key-for-tests-that-signs-nothing-anybody-will-ever-rely-on",
    # The private key of RFC 8037, appendix A.1, which is known to everybody.
    CONSENT_SIGNING_KEYS="nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A",
    HTTPS="False",
    # Off where a test is about something else; tests/site/test_second_factor.py and test_login.py switch it on.
    STAFF_SECOND_FACTOR="False",
    ALLOWED_HOSTS="testserver,localhost",
    GOOGLE_ANALYTICS_ID="G-SAMPLE0001",
    FACEBOOK_PIXEL_ID="1234567890",
    HOTJAR_SITE_ID="12345",
    DATABASE_URL=os.environ.get("TEST_DATABASE_URL", "sqlite://:memory:"),
)
LEFT_OUT = (
    "DEBUG SECRET_KEY_FALLBACKS BEHIND_TLS_PROXY PRIVACY_FOUR_EYES RATE_LIMIT_STORE RATE_LIMIT_DECISIONS "
    "MACHINES WEB_CONCURRENCY LOG_REQUESTS METRICS_TOKEN SENTRY_DSN"
)
for name in LEFT_OUT.split():
    os.environ.pop(name, None)


def pytest_configure() -> None:
    """Serve static files as they lie in the repository, so that no test depends on an earlier ``collectstatic``.

    Passwords of tests need not withstand anybody: what makes guessing slow takes half a second for each sign-in.
    """
    from django.conf import settings
    from django.contrib.auth.hashers import PBKDF2PasswordHasher

    PBKDF2PasswordHasher.iterations = 1
    settings.STATIC_ROOT = settings.BASE_DIR / "static"
    settings.STORAGES = {"staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}}


def child_environment() -> dict[str, str]:
    """The environment of a process of its own that imports this module; it names its database by other means."""
    return {name: value for name, value in os.environ.items() if name != "TEST_DATABASE_URL"}
