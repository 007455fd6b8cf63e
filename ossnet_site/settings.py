"""All settings. Each value that a deployment may change comes from an environment variable of the README's table."""

from datetime import timedelta
from typing import Any, Literal

from django.core.exceptions import ImproperlyConfigured

from ossnet_site import browser_features
from ossnet_site.company import COMPANY
from ossnet_site.environment import (
    BASE_DIR,
    boolean,
    database,
    earlier_keys,
    listed,
    metrics_token,
    one_of,
    positive,
    rate_limit_decisions,
    rate_limit_store,
    secret_key,
    sentry_dsn,
    service_id,
    signing_keys,
)

DEBUG = boolean("DEBUG", default=False)
SECRET_KEY = secret_key(debug=DEBUG)
SECRET_KEY_FALLBACKS = earlier_keys(debug=DEBUG)
ALLOWED_HOSTS = listed("ALLOWED_HOSTS", default=["localhost", "127.0.0.1"], shortest=1)
if not ALLOWED_HOSTS:
    raise ImproperlyConfigured("ALLOWED_HOSTS must name at least one host")
HTTPS = boolean("HTTPS", default=True)
BEHIND_TLS_PROXY = boolean("BEHIND_TLS_PROXY", default=False)
# Staff need a code besides their password wherever the world can reach the site; only development is without HTTPS.
STAFF_SECOND_FACTOR = boolean("STAFF_SECOND_FACTOR", default=HTTPS)
# How the site is run: on so many machines, with so many processes on each. Read by ossnet_site.checks alone.
MACHINES = positive("MACHINES", default=1)
WEB_CONCURRENCY = positive("WEB_CONCURRENCY", default=2)  # gunicorn.conf.py reads it too

GOOGLE_ANALYTICS_ID = service_id("GOOGLE_ANALYTICS_ID", r"G-[A-Z0-9]{6,12}")
FACEBOOK_PIXEL_ID = service_id("FACEBOOK_PIXEL_ID", r"[0-9]{10,20}")
HOTJAR_SITE_ID = service_id("HOTJAR_SITE_ID", r"[0-9]{4,10}")

INSTALLED_APPS = [
    "ossnet_site.staff_app.StaffConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.sitemaps",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "axes",
    "django_otp",
    "django_otp.plugins.otp_totp",
    "django_otp.plugins.otp_static",
    "django_prose_editor",
    "simple_history",
    "cookie_consent",
    "privacy",
    "consent",
    "ossnet_site",
]

MIDDLEWARE = [
    "ossnet_site.headers.SecurityHeadersMiddleware",
    "django_permissions_policy.PermissionsPolicyMiddleware",
    "ossnet_site.health.HealthCheckMiddleware",
    "ossnet_site.front.MarkPages",
    # Outside the others, so that every answer, also an error or a redirect of the ones below, carries the policy.
    "consent.middleware.ConsentMiddleware",
    "ossnet_site.middleware.LanguageFromPathMiddleware",
    "ossnet_site.middleware.ErrorPagesMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "ossnet_site.middleware.RequestLimitsMiddleware",
    "ossnet_site.flooding.FloodMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django_otp.middleware.OTPMiddleware",
    "ossnet_site.door.StaffDoorMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "simple_history.middleware.HistoryRequestMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    # Innermost: it puts its page in the place of a view's answer.
    "axes.middleware.AxesMiddleware",
]

ROOT_URLCONF = "ossnet_site.urls"
WSGI_APPLICATION = "ossnet_site.wsgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "ossnet_site.context_processors.site",
                "consent.context_processors.visitor",
            ],
        },
    },
]

DATABASES = {"default": database()}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

AUTHENTICATION_BACKENDS = ["axes.backends.AxesStandaloneBackend", "django.contrib.auth.backends.ModelBackend"]
VALIDATION = "django.contrib.auth.password_validation."
AUTH_PASSWORD_VALIDATORS: list[dict[str, Any]] = [
    {"NAME": VALIDATION + "UserAttributeSimilarityValidator"},
    {"NAME": VALIDATION + "MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": VALIDATION + "CommonPasswordValidator"},
    {"NAME": VALIDATION + "NumericPasswordValidator"},
]

# By account and client together: nobody can lock a colleague out from elsewhere. See ossnet_site.lockout.
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_FAILURE_LIMIT = 5
AXES_COOLOFF_TIME = timedelta(minutes=15)
AXES_RESET_COOL_OFF_ON_FAILURE_DURING_LOCKOUT = False  # what Retry-After says stays true
AXES_HANDLER = "ossnet_site.lockout.FailureCounter"
AXES_CLIENT_IP_CALLABLE = "ossnet_site.lockout.pseudonymous_address"
AXES_LOCKOUT_CALLABLE = "ossnet_site.lockout.answer"
AXES_DISABLE_ACCESS_LOG = True
AXES_ENABLE_ADMIN = False  # its pages are in English, and its rows are gone after a quarter of an hour
AXES_VERBOSE = False  # the log names neither account nor client

OTP_TOTP_ISSUER = COMPANY.name
# A telephone rests after a wrong code, longer each time. Nobody guesses a recovery code, so that these always let in.
OTP_STATIC_THROTTLE_FACTOR = 0

# Bytes; how much each address takes is said in ossnet_site.middleware.
DATA_UPLOAD_MAX_MEMORY_SIZE = 8 * 1024 * 1024
# Nothing here takes a file: without a handler Django drops it unread and writes nothing to the disk.
FILE_UPLOAD_HANDLERS: list[str] = []

# How often one client may do what, in the notation of the library limits; counted by ossnet_site.limits.
RATE_LIMITS = {
    "decision": rate_limit_decisions(),
    # A page with a broken extension reports a dozen violations at once.
    "report": "60/minute;600/hour",
    # A browser's report of something that was never refused before.
    "new-report": "20/day",
    # Receipts that somebody wants to have checked.
    "check": "30/minute;300/hour",
    # Whatever staff types a password or a code into, right or wrong.
    "sign-in": "20/minute;100/hour",
}
RATE_LIMIT_STORE = rate_limit_store()

LANGUAGE_CODE = "lv"
LANGUAGES = [("lv", "Latviešu"), ("en", "English")]
LOCALE_PATHS = [BASE_DIR / "locale"]
TIME_ZONE = "Europe/Riga"
USE_TZ = True

STATIC_URL = "/static/"
STATIC_ROOT = BASE_DIR / "static-collected"
STATICFILES_DIRS = [BASE_DIR / "static"]
STORAGES = {"staticfiles": {"BACKEND": "ossnet_site.static_files.StaticFilesStorage"}}
WHITENOISE_KEEP_ONLY_HASHED_FILES = True
WHITENOISE_ALLOW_ALL_ORIGINS = False

# The browser accepts a __Host- cookie only with Secure, for the whole site, from this very host: a sibling
# subdomain can neither set nor shadow it.
COOKIE_PREFIX = "__Host-" if HTTPS else ""
SESSION_COOKIE_NAME = COOKIE_PREFIX + "sessionid"
SESSION_COOKIE_SECURE = HTTPS
SESSION_COOKIE_SAMESITE = "Strict"  # no other site leads into a signed-in page, not even by a link
SESSION_COOKIE_AGE = 30 * 60  # seconds without a staff page, after which the session is over: ossnet_site.door
CSRF_COOKIE_NAME = COOKIE_PREFIX + "csrftoken"
CSRF_COOKIE_SECURE = HTTPS
CSRF_FAILURE_VIEW = "ossnet_site.views.csrf_failure"
SECURE_SSL_REDIRECT = HTTPS
SECURE_REDIRECT_EXEMPT = [r"^healthz/"]
# Whether browsers use HTTPS alone for this host (host), its subdomains too and may know so beforehand (preload).
HSTS = one_of("HSTS", ("preload", "host", "off")) if HTTPS else "off"
SECURE_HSTS_SECONDS = 31_536_000 if HSTS != "off" else 0  # a year
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = HSTS == "preload"
if BEHIND_TLS_PROXY:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
X_FRAME_OPTIONS = "DENY"
PERMISSIONS_POLICY = dict.fromkeys(browser_features.FEATURES, ())  # off, for everybody

COOKIE_CONSENT_NAME = COOKIE_PREFIX + "consent"
COOKIE_CONSENT_MAX_AGE = 182 * 24 * 60 * 60  # seconds: half a year, after which the visitor is asked again
COOKIE_CONSENT_SECURE = HTTPS
COOKIE_CONSENT_HTTPONLY = True
COOKIE_CONSENT_SAMESITE: Literal["Lax"] = "Lax"
COOKIE_CONSENT_DECLINE = "-1"  # how a refusal is written in the cookie
COOKIE_CONSENT_LOG_ENABLED = False  # its rows prove nothing; consent.models.ConsentRecord replaces them

# How long a consent record is kept after it has lost its validity.
CONSENT_RETENTION_MONTHS = positive("CONSENT_RETENTION_MONTHS", default=24)

# What signs receipts and seals: the first key; the others verify what they signed. See consent.signing.
CONSENT_SIGNING_KEYS = signing_keys(debug=DEBUG)
# Who says so in them. Any of ALLOWED_HOSTS is known as ours again, so that a host that was the first can stay.
CONSENT_ISSUER = ("https://" if HTTPS else "http://") + ALLOWED_HOSTS[0].lstrip(".")

# The controller that the banner names and every disclosure holds.
CONSENT_CONTROLLER = COMPANY
# Staff pages: no third party ever runs here, whatever the visitor granted.
CONSENT_SERVICE_FREE_PATHS = ("/admin/",)

# What the start page of staff asks for things that need attention, see ossnet_site.attention.
STAFF_ATTENTION = (
    "ossnet_site.attention.security_contact",
    "privacy.attention.versions",
    "consent.attention.unsealed_records",
    "consent.attention.undeclared_hosts",
    "consent.attention.full_reports",
    "consent.attention.uncounted_decisions",
)

# What the database itself refuses, see ossnet_site.triggers.
TRIGGERS = ("privacy.guards.TRIGGERS", "consent.guards.TRIGGERS")
# What public pages show is read from these alone: every change of them is noticed, see ossnet_site.stamp.
STAMPED_TABLES = (
    "privacy_policyversion",
    "privacy_policytext",
    "cookie_consent_cookiegroup",
    "cookie_consent_cookie",
    "consent_categorytext",
    "consent_servicetext",
    "consent_cookiedeclaration",
)

# privacy.rendering takes the merge fields from this mapping, to fill them in in a policy text.
PRIVACY_MERGE_FIELDS = "ossnet_site.merge_fields.MERGE_FIELDS"
# Whether a version must be published by somebody other than its last editor.
PRIVACY_FOUR_EYES = boolean("PRIVACY_FOUR_EYES", default=False)

# A line of the log for each request, beside those for refusals and faults; see ossnet_site.observing.
LOG_REQUESTS = boolean("LOG_REQUESTS", default=False)
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "filters": {"one_line_for_refusals": {"()": "ossnet_site.logs.OneLineForRefusals"}},
    "formatters": {"json": {"()": "ossnet_site.logs.JsonLines"}, "text": {"format": "%(message)s"}},
    "handlers": {
        "console": {
            "class": "logging.StreamHandler",
            "filters": ["one_line_for_refusals"],
            "formatter": "text" if DEBUG else "json",
        }
    },
    "loggers": {"ossnet_site.requests": {"level": "INFO" if LOG_REQUESTS else "WARNING"}},
    "root": {"handlers": ["console"], "level": "WARNING"},
}
# What opens /metrics; without it there is no such address.
METRICS_TOKEN = metrics_token()
# Where faults are reported to, see ossnet_site.faults.
SENTRY_DSN = sentry_dsn()
