"""Fixtures with the names of the domain."""

import os
import re
import time
from collections.abc import Iterator

import pytest
from django.db import OperationalError, connection
from django.test import Client
from pytest_django import DjangoDbBlocker

from consent import disclosures
from consent.disclosures import Shown, current
from ossnet_site import limits, stamp, triggers
from privacy.models import PolicyVersion
from tests import shipped_rows


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """On PostgreSQL what asks the database, and that alone: the rest has said on SQLite all that it can say."""
    if not os.environ.get("TEST_DATABASE_URL", "").startswith("postgres"):
        return
    config.hook.pytest_deselected(items=[item for item in items if not asks_the_database(item)])
    items[:] = filter(asks_the_database, items)


def asks_the_database(item: pytest.Item) -> bool:
    fixtures = {"db", "transactional_db"} & set(getattr(item, "fixturenames", ()))
    return bool(fixtures) or item.get_closest_marker("django_db") is not None


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> None:
    """Besides what pytest-django does, load once what most tests begin with."""
    with django_db_blocker.unblock():
        shipped_rows.remember()


@pytest.fixture(autouse=True)
def _forget_what_processes_remember() -> Iterator[None]:
    """What a process keeps for a second or counts for an hour must not outlive the test that wrote it."""
    disclosures.forget_all()
    stamp.forget()
    limits.forget()
    yield
    disclosures.forget_all()
    stamp.forget()


@pytest.fixture(autouse=True)
def _probes_ask_over_the_connection_of_the_test(monkeypatch: pytest.MonkeyPatch) -> None:
    """A thread of its own would not see what the test has written and not committed."""
    monkeypatch.setattr("ossnet_site.in_time.in_time", lambda question: question())


@pytest.fixture
def policy_in_force(db: None) -> PolicyVersion:
    """Version 1, in force. Version 2 is loaded beside it as a draft."""
    shipped_rows.put_policy()
    return PolicyVersion.objects.get(number=1)


@pytest.fixture
def guards_lifted(db: None) -> None:
    """For tests that look at what a damaged database does: the triggers come back with the end of the test."""
    triggers.remove(connection)


@pytest.fixture
def ready_draft(policy_in_force: PolicyVersion) -> PolicyVersion:
    """Version 2 with its blanks filled in: nothing stands in the way of publishing it."""
    draft = PolicyVersion.objects.get(number=2)
    for text in draft.texts.all():
        text.body = re.sub(r"\[\[.*?\]\]", "ir norādīts", text.body)
        text.save()
    return draft


@pytest.fixture
def site(policy_in_force: PolicyVersion) -> None:
    """The site as ``bin/serve`` sets it up: policy version 1 and the cookie registry."""
    shipped_rows.put_registry()


@pytest.fixture
def committed_site(transactional_db: None) -> Iterator[None]:
    """The same, committed: threads and processes beside the test see it."""
    triggers.install(connection)
    shipped_rows.put_policy()
    shipped_rows.put_registry()
    yield
    until = time.monotonic() + 5
    while not guards_are_off() and time.monotonic() < until:
        time.sleep(0.02)


def guards_are_off() -> bool:
    """What comes next empties the tables. A request of a browser that has gone may still be reading them."""
    try:
        triggers.remove(connection)
    except OperationalError:
        return False
    return True


@pytest.fixture
def shown(site: None) -> Shown:
    """What a Latvian page asks now."""
    disclosure = current("lv")
    assert disclosure
    return disclosure


@pytest.fixture
def visitor(site: None) -> Client:
    """A visitor with an empty browser, whose forms come from this site."""
    return Client(headers={"Sec-Fetch-Site": "same-origin"})
