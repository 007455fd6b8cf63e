"""Prepares the database and the files of the site, then becomes gunicorn. Run by bin/serve."""

import os
import re
import secrets
import socket
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
ENV_FILE = Path(os.environ.get("ENV_FILE", ROOT / ".env"))
HOST = "127.0.0.1"  # reachable from this machine only; a front (TLS, load balancer) is the door to the world

ENV_TEMPLATE = """\
# Written by bin/serve for this machine alone. The table in README.md explains every setting.
SECRET_KEY={secret_key}
CONSENT_SIGNING_KEYS={signing_key}
HTTPS=False
ALLOWED_HOSTS=localhost,127.0.0.1
GOOGLE_ANALYTICS_ID=G-SAMPLE0001
FACEBOOK_PIXEL_ID=1234567890
HOTJAR_SITE_ID=12345
"""


def chosen_port() -> int:
    """The port from PORT (1 to 65535); ends the program with one line when it is no port or is taken."""
    text = os.environ.get("PORT", "8000")
    if not (text.isascii() and text.isdigit() and 0 < int(text) < 65536):
        sys.exit(f"serve: PORT must be a number from 1 to 65535, not {text!r}")
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, int(text)))
        except OSError as error:
            sys.exit(f"serve: cannot listen on {HOST}:{text}: {error.strerror} (choose another with PORT)")
    return int(text)


def write_env_file() -> None:
    """Write a private ``.env`` with fresh keys; to an existing file only a key is added that earlier ones lack."""
    try:
        descriptor = os.open(ENV_FILE, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        add_signing_key()
        return
    keys = {"secret_key": secrets.token_urlsafe(50), "signing_key": secrets.token_urlsafe(32)}
    with os.fdopen(descriptor, "w") as file:
        file.write(ENV_TEMPLATE.format(**keys))
    print(f"Wrote {ENV_FILE.name} with new keys and sample service ids")


def add_signing_key() -> None:
    """Give a ``.env`` from before there were signed receipts a key for them; one set elsewhere is enough."""
    if "CONSENT_SIGNING_KEYS" in os.environ or not ENV_FILE.is_file():
        return
    text = ENV_FILE.read_text()
    if re.search(r"^\s*(export\s+)?CONSENT_SIGNING_KEYS\s*=", text, re.MULTILINE):
        return
    with ENV_FILE.open("a") as file:
        newline = "" if text.endswith("\n") or not text else "\n"
        file.write(f"{newline}CONSENT_SIGNING_KEYS={secrets.token_urlsafe(32)}\n")
    print(f"Added CONSENT_SIGNING_KEYS to {ENV_FILE.name}")


def prepare() -> None:
    """Bring database, policy, registry and static files up to date; each step is idempotent."""
    from django.core.exceptions import ImproperlyConfigured
    from django.core.management import CommandError, call_command
    from django.db import OperationalError

    try:
        import django

        django.setup()
    except ImproperlyConfigured as error:
        sys.exit(f"serve: {error}")
    try:
        call_command("migrate", verbosity=0, interactive=False)
        call_command("load_policy")
        call_command("load_registry")
    except OperationalError as error:
        sys.exit(f"serve: DATABASE_URL cannot be used: {' '.join(str(error).split())}")
    except CommandError as error:
        sys.exit(f"serve: {error}")
    call_command("collectstatic", verbosity=0, interactive=False)


def main() -> None:
    """Prepare, say where the site is, and hand the process over to gunicorn."""
    port = chosen_port()
    os.umask(0o077)  # the database holds consent records: nobody else on this machine reads it
    write_env_file()
    os.chdir(ROOT)
    sys.path.insert(0, str(ROOT))
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "ossnet_site.settings")
    prepare()
    print(f"Serving on http://{HOST}:{port}/ (Ctrl-C stops)")
    print("Create a staff account for /admin/: .venv/bin/python manage.py createsuperuser", flush=True)
    # glibc keeps a heap for each thread otherwise, which nearly doubles a worker's memory.
    os.environ.setdefault("MALLOC_ARENA_MAX", "1")
    os.environ.setdefault("MALLOC_MMAP_THRESHOLD_", "524288")
    gunicorn = [sys.executable, "-m", "gunicorn", "--bind", f"{HOST}:{port}", "ossnet_site.wsgi"]
    os.execv(sys.executable, gunicorn)


if __name__ == "__main__":
    main()
