"""Reports of faults: off unless asked for, and then without a word of who was there."""

import json
import logging
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sentry_sdk
from django.test import Client, override_settings
from sentry_sdk.envelope import Envelope
from sentry_sdk.transport import Transport

from ossnet_site import faults
from tests.environment import child_environment
from tests.site.test_observing import PRIVATE, Watched

ROOT = Path(__file__).resolve().parents[2]
SENT: list[bytes] = []


class Kept(Transport):
    """Takes what would be sent."""

    def capture_envelope(self, envelope: Envelope) -> None:
        SENT.append(envelope.serialize())


@pytest.fixture
def reports() -> Iterator[None]:
    """Reporting is on, and nothing leaves this process."""
    SENT.clear()
    with override_settings(SENTRY_DSN="https://0a1b2c3d@reports.example/7"):
        faults.start_reporting(Kept)
    yield
    sentry_sdk.get_client().close()
    sentry_sdk.get_global_scope().set_client(None)
    sys.excepthook = sys.__excepthook__


def sent() -> list[dict[str, Any]]:
    """The events, as the other side reads them."""
    sentry_sdk.flush()
    return [json.loads(envelope.split(b"\n")[2]) for envelope in SENT]


def test_a_fault_is_reported_with_its_place_and_nothing_of_who_was_there(
    visitor: Client, reports: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*args: object) -> None:
        private = "Anna in a local variable"
        raise RuntimeError(f"what was sent: 7K3M-Q2PX-9RDT {private}")

    monkeypatch.setattr("consent.receipts.history", fail)
    monkeypatch.setattr("consent.views.read", fail)
    site = Watched()
    answer = site.decide("decision=reject_all&next=/kontakti/", HTTP_COOKIE="a=Liepa", **PRIVATE)
    assert answer.status == 500
    (event,) = sent()
    assert event["exception"]["values"][-1]["type"] == "RuntimeError"
    places = [frame["function"] for frame in event["exception"]["values"][-1]["stacktrace"]["frames"]]
    assert places[-2:] == ["take", "fail"]
    assert event["tags"]["request_id"] == answer.headers["X-Request-ID"]
    assert event["tags"]["method"] == "POST"
    assert event["logentry"] == {"message": "%s: %s"}
    assert event.keys() <= {
        *faults.OF_THE_EVENT, "exception", "tags", "logentry",
        # What the library adds after us: its own name and version.
        "sdk", "release", "environment",
    }  # fmt: skip
    for word in (*PRIVATE.values(), "Liepa", "Anna", "7K3M", "testserver", "reject_all", "kontakti"):
        assert word.encode() not in b"".join(SENT), word


def test_the_words_of_others_are_not_sent(reports: None) -> None:
    logging.getLogger("somebody.elses").error("Could not read Anna's form")
    logging.getLogger("consent").error("Not stored: %s", "Anna")
    theirs, ours = sent()
    assert "logentry" not in theirs
    assert ours["logentry"] == {"message": "Not stored: %s"}
    assert b"Anna" not in b"".join(SENT)


def test_what_was_refused_and_a_database_that_is_away_are_no_faults(
    visitor: Client, reports: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    site = Watched()
    assert site.ask(HTTP_HOST="evil.example").status == 400
    assert site.ask("/none/").status == 404
    logging.getLogger("django.request").error("%s: %s", "Service Unavailable", "/")
    assert sent() == []


def test_without_the_setting_the_library_is_not_imported_nor_that_of_the_metrics() -> None:
    program = (
        "import logging, sys; logging.disable(); import ossnet_site.wsgi;"
        "print([name for name in ('sentry_sdk', 'prometheus_client') if name in sys.modules])"
    )
    command = [sys.executable, "-c", program]
    result = subprocess.run(
        command,
        cwd=ROOT,
        env=child_environment() | {"ALLOWED_HOSTS": "localhost"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert result.stdout == "[]\n"
