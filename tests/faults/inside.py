"""What must run inside the site's own Python, each as ``python -m tests.faults.inside NAME …``; prints JSON."""

import io
import json
import sys
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import django
import time_machine


def prepare() -> dict[str, Any]:
    """Bring the database up to date."""
    from django.core.management import call_command

    for command in ("migrate", "load_policy", "load_registry"):
        call_command(command, stdout=io.StringIO(), verbosity=0)
    return {}


def outcome() -> dict[str, Any]:
    """Every consent record, what a look at the whole log says when all are sealed, and what SQLite says of its file."""
    return {"records": records(), "log": seal_and_verify(), "integrity": integrity()}


def records() -> list[dict[str, Any]]:
    """Each with its id, the page it came from and the seconds for which it is valid."""
    from consent.models import ConsentRecord

    return [
        {"id": str(record_id), "path": path, "seconds": (valid_until - decided_at).total_seconds()}
        for record_id, path, decided_at, valid_until in ConsentRecord.objects.values_list(
            "id", "path", "decided_at", "valid_until"
        )
    ]


def seal_and_verify() -> dict[str, Any]:
    """As if it were later: the youngest records wait some minutes, and a clock may have been an hour ahead."""
    from django.core.management import call_command
    from django.utils import timezone

    from consent import verification

    with time_machine.travel(timezone.now() + timedelta(minutes=70)):
        call_command("seal_consent_log", stdout=io.StringIO())
        counts = verification.verify()
    return {"records": counts.records, "waiting": counts.waiting, "seals": counts.seals}


def integrity() -> list[str]:
    """What SQLite finds when it looks at every page of its file; PostgreSQL looks at those that it reads."""
    from django.db import connection

    if connection.vendor != "sqlite":
        return ["ok"]
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA integrity_check")
        return [row[0] for row in cursor.fetchall()]


def cookie_that_lapses(minutes: str) -> dict[str, Any]:
    """The signed cookie of somebody who granted everything half a year ago, but for so many minutes."""
    import uuid

    from django.conf import settings
    from django.utils import timezone

    from consent import cookie, registry
    from consent.state import Answer, StoredChoice, lifetime

    moment = timezone.now() - lifetime() + timedelta(minutes=int(minutes))
    answers = {category: Answer(True, moment, scope) for category, scope in registry.scopes().items() if scope}
    answers.pop("necessary", None)
    return {
        "cookie": f"{settings.COOKIE_CONSENT_NAME}={cookie.encode(StoredChoice(uuid.uuid4(), uuid.uuid4(), answers))}"
    }


def main() -> None:
    """Call what the command line names."""
    name, *arguments = sys.argv[1:]
    known: dict[str, Callable[..., Any]] = {
        "prepare": prepare,
        "outcome": outcome,
        "cookie_that_lapses": cookie_that_lapses,
    }
    django.setup()
    sys.stdout.write(json.dumps(known[name](*arguments)))


if __name__ == "__main__":
    main()
