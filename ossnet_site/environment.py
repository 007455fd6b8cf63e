"""How a variable of the environment is read: a bad value stops the start with one line that names the variable."""

import os
import re
import warnings
from pathlib import Path
from typing import Any

import environ
from django.core.exceptions import ImproperlyConfigured

from ossnet_site import values

BASE_DIR = Path(__file__).resolve().parent.parent
env = environ.Env()
env.read_env(Path(os.environ.get("ENV_FILE", BASE_DIR / ".env")))

# What SQLite is told at the beginning of each connection. Django adds foreign_keys=ON, and busy_timeout from "timeout".
SQLITE = {
    "journal_mode": "WAL",  # pages are read while a decision is written, and so is a backup
    "synchronous": "FULL",  # a decision that was answered survives a power cut
    "journal_size_limit": 64 * 1024 * 1024,  # bytes; a log that grew during a long read is cut back to this
    "temp_store": "MEMORY",  # what is sorted for staff lies in no file beside the database
    "secure_delete": "ON",  # what was purged is not left in free pages, which a backup would carry on
}
# What libpq is told, which the address may say otherwise: a server that is away, or has vanished from the network, must
# not hold up pages. One that is there and hangs is for ossnet_site.patience.
LIBPQ = {
    "connect_timeout": 3,  # seconds
    "tcp_user_timeout": 5000,  # milliseconds until what was sent and not acknowledged ends a connection
    "keepalives_idle": 10,  # seconds of silence until the system asks whether the other side is there
    "keepalives_interval": 2,  # seconds between two such questions
    "keepalives_count": 3,  # unanswered ones end a connection
}
# psycopg's pool of each process; ossnet_site.postgresql says how connections are taken from it.
POOL = {
    "min_size": 0,  # what is needed is opened, and closed again when it was not needed for max_idle
    "max_size": 8,  # gunicorn's four threads, and as many again for what else a process may do
    "timeout": 3,  # seconds until a page without a connection says that the database is away
    "reconnect_timeout": 0,  # seconds; nobody waits for a second attempt, and the next request makes one
    "max_lifetime": 3600,  # seconds; a server that was replaced behind its name is found again
    "max_idle": 600,  # seconds
    "num_workers": 1,  # threads that open connections
}


def boolean(name: str, *, default: bool) -> bool:
    """Read a yes-or-no variable; anything but true/false, yes/no, on/off or 1/0 stops the start and names it."""
    text = env.str(name, default=str(default)).strip().lower()
    if text in {"1", "true", "yes", "on"}:
        return True
    if text in {"0", "false", "no", "off"}:
        return False
    raise ImproperlyConfigured(f"{name} must be True or False, not {text!r}")


def one_of(name: str, choices: tuple[str, ...]) -> str:
    """Read one of ``choices``, by default the first; anything else stops the start and names it."""
    value: str = env.str(name, default=choices[0]).strip().lower()
    if value not in choices:
        raise ImproperlyConfigured(f"{name} must be one of {', '.join(choices)}, not {value!r}")
    return value


def positive(name: str, *, default: int) -> int:
    """Read a whole number from 1 to 1200; anything else stops the start and names it."""
    text = env.str(name, default=str(default)).strip()
    if not re.fullmatch(r"[0-9]{1,4}", text) or not 1 <= int(text) <= 1200:
        raise ImproperlyConfigured(f"{name} must be a whole number from 1 to 1200, not {text!r}")
    return int(text)


def service_id(name: str, pattern: str) -> str:
    """Read a third-party service's id; empty means that the service is not offered, malformed stops the start."""
    value: str = env.str(name, default="").strip()
    if value and not re.fullmatch(pattern, value, re.ASCII):
        raise ImproperlyConfigured(f"{name} is malformed: {value!r} does not match {pattern}")
    return value


def database(address: str | None = None) -> dict[str, Any]:
    """What Django is told of the database at ``address``, else of DATABASE_URL, with what each engine needs."""
    address = address or env.str("DATABASE_URL", default=f"sqlite:///{BASE_DIR / 'db.sqlite3'}")
    try:
        with warnings.catch_warnings():  # what it warns of stops the start
            warnings.simplefilter("ignore")
            config: dict[str, Any] = env.db_url_config(address)
    except ValueError:  # no address at all
        config = {}
    if config.get("ENGINE") not in ("django.db.backends.sqlite3", "django.db.backends.postgresql"):
        raise ImproperlyConfigured("DATABASE_URL must look like sqlite:////path or postgres://name:password@host/name")
    if config["ENGINE"] == "django.db.backends.sqlite3":
        config["CONN_MAX_AGE"] = 600  # seconds; opening a connection costs more than answering a page
        config["CONN_HEALTH_CHECKS"] = True
        config["OPTIONS"] = {
            # A write lock from the first statement: two decisions at once wait for each other instead of failing.
            "transaction_mode": "IMMEDIATE",
            "timeout": 10,  # seconds
            "init_command": "; ".join(f"PRAGMA {name}={value}" for name, value in SQLITE.items()),
        }
    else:
        config["ENGINE"] = "ossnet_site.postgresql"
        config["CONN_MAX_AGE"] = 0  # seconds; the pool keeps connections
        config["CONN_HEALTH_CHECKS"] = False  # the engine asks, as the pool's own check waits between two broken ones
        config["OPTIONS"] = {**LIBPQ, "pool": POOL} | config.get("OPTIONS", {})
    return config


def secret_key(*, debug: bool) -> str:
    """Read SECRET_KEY; it signs the consent cookies, so that one that could be guessed stops the start."""
    value: str = env.str("SECRET_KEY", default="")
    if len(value) < 40:
        raise ImproperlyConfigured("SECRET_KEY must be set and have at least 40 random characters")
    if values.is_guessable(value) and not debug:
        raise ImproperlyConfigured("SECRET_KEY is not random: it is a placeholder or repeats itself")
    return value


def earlier_keys(*, debug: bool) -> list[str]:
    """Read SECRET_KEY_FALLBACKS; what they signed still counts, so that they must be as good as the key itself."""
    keys = listed("SECRET_KEY_FALLBACKS", default=[], shortest=40)
    if any(values.is_guessable(key) for key in keys) and not debug:
        raise ImproperlyConfigured("SECRET_KEY_FALLBACKS holds a key that is not random")
    return keys


def signing_keys(*, debug: bool) -> list[str]:
    """Read CONSENT_SIGNING_KEYS, see ``consent.signing``; a fault is named without repeating a key."""
    keys = [key.strip() for key in env.str("CONSENT_SIGNING_KEYS", default="").split(",")]
    if not values.is_list_of_keys(keys):
        raise ImproperlyConfigured(
            "CONSENT_SIGNING_KEYS must be set to 32 random bytes in base64url, such as "
            "python3 -c 'import secrets; print(secrets.token_urlsafe(32))' prints; earlier keys follow after commas"
        )
    if any(values.is_guessable(key) for key in keys) and not debug:
        raise ImproperlyConfigured("CONSENT_SIGNING_KEYS holds a key that is not random")
    return keys


def listed(name: str, *, default: list[str], shortest: int) -> list[str]:
    """Read values separated by commas; one that is shorter than ``shortest`` characters stops the start."""
    found: list[str] = env.list(name, default=default)
    if any(len(value) < shortest for value in found):
        raise ImproperlyConfigured(f"{name} holds a value of fewer than {shortest} characters")
    return found


def rate_limit_store() -> str:
    """Read RATE_LIMIT_STORE; empty means the memory of each process. The message leaves the password out."""
    value = values.store_address(env.str("RATE_LIMIT_STORE", default="").strip())
    if value is None:
        raise ImproperlyConfigured(
            "RATE_LIMIT_STORE must look like redis://name:password@host:6379/0, rediss://… or redis+unix:///path"
        )
    return value


def rate_limit_decisions() -> str:
    """Read RATE_LIMIT_DECISIONS; what cannot be counted stops the start."""
    value: str = env.str("RATE_LIMIT_DECISIONS", default="60/minute;600/hour").strip()
    if not values.is_limit(value):
        raise ImproperlyConfigured(f"RATE_LIMIT_DECISIONS must look like 60/minute;600/hour, not {value!r}")
    return value


def metrics_token() -> str:
    """Read METRICS_TOKEN; empty means that there are no metrics. The message leaves the token out."""
    value: str = env.str("METRICS_TOKEN", default="").strip()
    if value and (len(value) < 32 or values.is_guessable(value)):
        raise ImproperlyConfigured("METRICS_TOKEN must have at least 32 random characters")
    return value


def sentry_dsn() -> str:
    """Read SENTRY_DSN; empty means that no report leaves this machine. The message leaves the key out."""
    value: str = env.str("SENTRY_DSN", default="").strip()
    if value and not values.is_dsn(value):
        raise ImproperlyConfigured("SENTRY_DSN must look like https://key@host/1")
    return value
