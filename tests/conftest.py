"""Fixtures with the names of the domain."""

from collections.abc import Iterator

import pytest
from django.test import Client

from consent import registry
from consent import shipped as shipped_registry
from consent.disclosures import Shown, current
from privacy import current as current_policy
from privacy import shipped as shipped_policy
from privacy.models import PolicyVersion


@pytest.fixture(autouse=True)
def _forget_what_processes_remember() -> Iterator[None]:
    """What a process keeps for a second must not outlive the test that wrote it."""
    current_policy.forget()
    registry.forget()
    yield
    current_policy.forget()
    registry.forget()


@pytest.fixture
def policy_in_force(db: None) -> PolicyVersion:
    (version,) = shipped_policy.load_all()
    return version


@pytest.fixture
def site(policy_in_force: PolicyVersion) -> None:
    """The site as ``bin/serve`` sets it up: policy version 1 and the cookie registry."""
    shipped_registry.load()


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
