"""The consent cookie: what this server did not issue, or what was altered, is undecided."""

import uuid
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from cookie_consent.util import parse_cookie_str
from django.core.signing import Signer
from django.test import Client
from pytest_django import Settings

from consent import cookie
from consent.services import CATEGORIES
from consent.state import Answer, StoredChoice

MOMENT = datetime(2026, 11, 23, 10, 30, 0, 123456, tzinfo=UTC)
CHOICE = StoredChoice(
    record_id=uuid.UUID(int=1),
    subject_id=uuid.UUID(int=2),
    answers={
        "analytics": Answer(granted=True, decided_at=MOMENT, scope="0a1b2c3d"),
        "facebook": Answer(granted=False, decided_at=MOMENT - timedelta(days=1), despite_gpc=True),
    },
)


def test_a_choice_survives_the_cookie_unchanged() -> None:
    assert cookie.decode(cookie.encode(CHOICE)) == CHOICE


def test_the_cookie_has_the_format_of_django_cookie_consent() -> None:
    facts = parse_cookie_str(cookie.encode(CHOICE))
    assert facts["analytics"] == "2026-11-23T10:30:00.123456+00:00"
    assert facts["facebook"] == "-1"
    assert "hotjar" not in facts
    assert facts["record"] == str(CHOICE.record_id)
    assert facts["signature"]


def test_any_changed_character_makes_the_cookie_worthless() -> None:
    value = cookie.encode(CHOICE)
    for position, character in enumerate(value):
        changed = value[:position] + ("A" if character != "A" else "B") + value[position + 1 :]
        assert cookie.decode(changed) is None, position


@pytest.mark.parametrize(
    "value",
    [
        "",
        "analytics=9999-01-01",
        "|signature=",
        "x" * (cookie.MAX_LENGTH + 1),
        "analytics=2026|signature=abc",
        "\x00\udcff|signature=ā",
    ],
)
def test_a_foreign_cookie_is_no_choice(value: str) -> None:
    assert cookie.decode(value) is None


@pytest.mark.parametrize(
    "signed",
    ["analytics=x", "record=x|subject=x", f"record={uuid.UUID(int=1)}|subject={uuid.UUID(int=2)}|analytics=-1", ""],
)
def test_a_signed_cookie_without_the_facts_is_no_choice(signed: str) -> None:
    assert cookie.decode(Signer(sep="|signature=", salt="consent.cookie").sign(signed)) is None


def test_a_signature_made_for_something_else_is_worthless() -> None:
    facts, _, _ = cookie.encode(CHOICE).partition("|signature=")
    assert cookie.decode(Signer(sep="|signature=", salt="other").sign(facts)) is None


def test_a_cookie_signed_with_the_previous_key_still_counts(settings: Settings) -> None:
    value = cookie.encode(CHOICE)
    settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
    settings.SECRET_KEY = "b" * 50
    assert cookie.decode(value) == CHOICE
    settings.SECRET_KEY_FALLBACKS = []
    assert cookie.decode(value) is None


def test_the_largest_cookie_stays_far_below_what_is_read() -> None:
    answers = dict.fromkeys(CATEGORIES, replace(CHOICE.answers["analytics"], despite_gpc=True))
    assert len(cookie.encode(replace(CHOICE, answers=answers))) < 500


@pytest.mark.parametrize("https", [False, True])
def test_the_cookie_is_kept_from_scripts_and_other_sites(visitor: Client, settings: Settings, https: bool) -> None:
    if https:
        settings.COOKIE_CONSENT_NAME = "__Host-consent"
        settings.COOKIE_CONSENT_SECURE = True
    response = visitor.post("/sikdatnes/", "decision=reject_all", content_type="application/x-www-form-urlencoded")
    morsel = response.cookies["__Host-consent" if https else "consent"]
    assert morsel["httponly"] is True
    assert morsel["samesite"] == "Lax"
    assert morsel["max-age"] == 182 * 24 * 60 * 60
    assert morsel["path"] == "/"
    assert morsel["domain"] == ""
    assert bool(morsel["secure"]) is https
