"""Two publishers at the same moment: one is served, the other is told.

On SQLite a transaction takes the one write lock with its first statement (ossnet_site/environment.py).
"""

import threading
import time
from datetime import timedelta
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import connection
from django.utils import timezone

from ossnet_site import triggers
from privacy import publishing, shipped
from privacy.models import PolicyText, PolicyVersion
from privacy.publishing import Publication, publish


@pytest.mark.skipif(connection.vendor == "sqlite", reason="SQLite has one writer at a time")
@pytest.mark.django_db(transaction=True)
def test_two_drafts_for_the_same_moment(monkeypatch: pytest.MonkeyPatch) -> None:
    triggers.install(connection)
    shipped.load_all()
    drafts = [PolicyVersion.objects.create(number=number) for number in (3, 4)]
    for draft in drafts:
        PolicyText.objects.create(version=draft, language="lv", title="T", body="<p>b</p>")
    what = Publication(timezone.now() + timedelta(days=1), is_material=False, summaries={"lv": "x"})
    looked = publishing.obstacles

    def look_and_linger(*args: Any) -> list[str]:
        found = looked(*args)
        time.sleep(0.3)  # seconds, in which the other one would look too
        return found

    monkeypatch.setattr(publishing, "obstacles", look_and_linger)
    outcomes = []

    def publisher(draft: PolicyVersion) -> None:
        try:
            publish(draft, what, by=None)
            outcomes.append("published")
        except ValidationError as error:
            outcomes.extend(error.messages)
        finally:
            connection.close()

    threads = [threading.Thread(target=publisher, args=(draft,)) for draft in drafts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    triggers.remove(connection)  # what comes next empties the tables
    assert sorted(outcomes) == ["Tajā brīdī stājas spēkā cita versija.", "published"]
