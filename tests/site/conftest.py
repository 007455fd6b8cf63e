"""Fixtures of the front."""

import pytest
from django.test import Client

from ossnet_site import stamp
from tests.site.fronted import Site


@pytest.fixture
def front(visitor: Client) -> Site:
    return Site()


@pytest.fixture
def seconds(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The monotonic clock, moved by hand."""
    seconds = [1000.0]
    monkeypatch.setattr("time.monotonic", lambda: seconds[0])
    stamp.forget()
    return seconds
