"""What must run inside the site's own Python, each as ``python -m tests.benchmarks.inside NAME …``; prints JSON."""

import io
import json
import sys
import time
import uuid
from collections.abc import Callable
from datetime import timedelta
from itertools import product
from pathlib import Path
from statistics import median
from typing import Any

import django

COOKIES = 10_000


def prepare(file: str) -> dict[str, Any]:
    """Bring the database up to date and write signed cookies of visitors in all states to ``file``, one a line."""
    from django.conf import settings
    from django.core.management import call_command
    from django.utils import timezone

    from consent import cookie, disclosures, registry
    from consent.services import CATEGORIES
    from consent.state import Answer, StoredChoice

    for command in ("migrate", "load_policy", "load_registry"):
        call_command(command, stdout=io.StringIO(), verbosity=0)
    call_command("collectstatic", interactive=False, verbosity=0)
    now, scopes = timezone.now(), registry.scopes()
    states = list(product((True, False), repeat=len(CATEGORIES)))
    lines = []
    for number in range(COOKIES):
        moment = now - timedelta(seconds=number)
        answers = {
            category: Answer(granted, moment, scopes[category] if granted else "")
            for category, granted in zip(CATEGORIES, states[number % len(states)], strict=True)
        }
        value = cookie.encode(StoredChoice(uuid.uuid4(), uuid.uuid4(), answers))
        lines.append(f"{settings.COOKIE_CONSENT_NAME}={value}")
    Path(file).write_text("\n".join(lines))
    shown = disclosures.current("lv")
    assert shown
    shown.keep()
    return {"disclosure": shown.sha256}


def render(path: str) -> dict[str, Any]:
    """Milliseconds of processor for a page that nothing is remembered of, and its queries."""
    from django.db import connection
    from django.test import RequestFactory
    from django.test.utils import CaptureQueriesContext

    from consent import disclosures

    handler = application()
    request = RequestFactory().get(path, secure=True, headers={"host": "127.0.0.1"})
    times = []
    for _round in range(30):
        disclosures.forget()
        started = time.process_time()
        answer = handler.get_response(request)
        times.append((time.process_time() - started) * 1000)
    assert answer.status_code == 200, answer.status_code
    disclosures.forget()
    with CaptureQueriesContext(connection) as queries:
        handler.get_response(request)
    asked = [query for query in queries if "contentstamp" not in query["sql"]]  # once a second, whoever comes
    return {"milliseconds": median(times), "queries": len(asked)}


def application() -> Any:
    """Django's handler, without the front."""
    from django.core.wsgi import get_wsgi_application

    return get_wsgi_application()


def grow(versions: str, cookies: str, records: str) -> dict[str, Any]:
    """Fill the database up to so many policy versions, declared cookies and consent records."""
    add_versions(int(versions))
    add_cookies(int(cookies))
    add_records(int(records))
    return {}


def add_versions(wanted: int) -> None:
    """Superseded ones, published before all others."""
    from django.utils import timezone

    from privacy.models import PolicyText, PolicyVersion

    there = PolicyVersion.objects.standing().count()
    numbers = range(100 + there, 100 + wanted)
    first = timezone.now() - timedelta(days=20_000)
    versions = [PolicyVersion(number=number, effective_at=first + timedelta(days=number)) for number in numbers]
    versions = PolicyVersion.objects.bulk_create(versions, batch_size=500)
    body = "<h2>Nodaļa</h2><p>Teksts.</p>" * 20
    texts = [
        PolicyText(version=v, language="lv", title="Privātuma politika", body=body, sha256="0" * 64) for v in versions
    ]
    PolicyText.objects.bulk_create(texts, batch_size=500)
    PolicyVersion.objects.filter(number__gte=100, published_at=None).update(published_at=first)


def add_cookies(wanted: int) -> None:
    """Declared beside those that are there, in the category of Hotjar."""
    from cookie_consent.models import Cookie, CookieGroup

    from consent.models import CookieDeclaration

    group = CookieGroup.objects.get(varname="hotjar")
    for number in range(Cookie.objects.count(), wanted):
        cookie = Cookie.objects.create(cookiegroup=group, name=f"_hj{number}")
        words = {"purpose_lv": "Mērķis.", "purpose_en": "Purpose.", "duration_lv": "1 gads", "duration_en": "1 year"}
        CookieDeclaration.objects.create(cookie=cookie, service="hotjar", provider="Hotjar", party="first", **words)


def add_records(wanted: int) -> None:
    """Refusals, each of another visitor."""
    from django.utils import timezone

    from consent.models import ConsentRecord
    from consent.models.evidence import number_of

    now = timezone.now()
    for _batch in range(ConsentRecord.objects.count(), wanted, 1000):
        rows = []
        for _row in range(1000):
            record = ConsentRecord(
                subject_id=uuid.uuid4(), event="refused", control="banner_reject", decided_at=now,
                valid_until=now + timedelta(days=182), grants={}, language="lv", path="/", gpc=False,
            )  # fmt: skip
            record.number = number_of(record.id)
            rows.append(record)
        ConsentRecord.objects.bulk_create(rows)


def decided() -> dict[str, Any]:
    """How many consent records there are, and of how many visitors."""
    from consent.models import ConsentRecord

    return {
        "records": ConsentRecord.objects.count(),
        "subjects": ConsentRecord.objects.values("subject_id").distinct().count(),
    }


def main() -> None:
    """Call what the command line names."""
    name, *arguments = sys.argv[1:]
    known: dict[str, Callable[..., dict[str, Any]]] = {
        "prepare": prepare, "render": render, "grow": grow, "decided": decided,
    }  # fmt: skip
    django.setup()
    sys.stdout.write(json.dumps(known[name](*arguments)))


if __name__ == "__main__":
    main()
