"""A site with django-cookie-consent set up as documented, its log on: settings and preparation in one.

``AS_DOCUMENTED`` leaves SQLite as Django has it; without, the engine is told what ours is.
"""

import io
import os
import sys

from ossnet_site.settings import DATABASES as OURS

# The same database with a persistent connection for each thread, as Django has it; ours takes it from a pool.
DATABASES = {"default": OURS["default"] | {"CONN_MAX_AGE": 600, "CONN_HEALTH_CHECKS": False}}
if OURS["default"]["ENGINE"] == "ossnet_site.postgresql":
    options = {name: value for name, value in OURS["default"]["OPTIONS"].items() if name != "pool"}
    DATABASES["default"] |= {"ENGINE": "django.db.backends.postgresql", "OPTIONS": options}
elif os.environ.get("AS_DOCUMENTED"):  # whoever says nothing of SQLite gets Django's
    del DATABASES["default"]["OPTIONS"]

SECRET_KEY = os.environ.get("SECRET_KEY", "")
ALLOWED_HOSTS = ["127.0.0.1"]
ROOT_URLCONF = "tests.benchmarks.their_urls"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
USE_TZ = True
INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "cookie_consent",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]
TEMPLATES = [{"BACKEND": "django.template.backends.django.DjangoTemplates", "APP_DIRS": True}]
COOKIE_CONSENT_LOG_ENABLED = True
COOKIE_CONSENT_NAME = "cookie_consent"


def prepare() -> None:
    """The same four categories."""
    import django
    from django.core.management import call_command

    django.setup()
    call_command("migrate", stdout=io.StringIO(), verbosity=0)
    from cookie_consent.models import Cookie, CookieGroup

    for name in ("necessary", "analytics", "facebook", "hotjar"):
        group, _created = CookieGroup.objects.get_or_create(
            varname=name, defaults={"name": name, "is_required": name == "necessary"}
        )
        Cookie.objects.get_or_create(cookiegroup=group, name=f"_{name}")


def count() -> int:
    """The rows of the log."""
    import django

    django.setup()
    from cookie_consent.models import LogItem

    return LogItem.objects.count()


if __name__ == "__main__":
    if sys.argv[1] == "prepare":
        prepare()
        sys.stdout.write("{}")
    else:
        sys.stdout.write(f'{{"records": {count()}}}')
