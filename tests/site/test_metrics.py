"""The address of the numbers: not there unless a token is set, and open to nobody without it."""

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.db import OperationalError
from django.test import Client

from consent.retention import purge
from ossnet_site import in_time
from tests.consent.seals import NOW, decided, seal
from tests.site.test_observing import numbers

TOKEN = "Vt7mQz2Lw9Xc4Rb6Np8Kd3Hs5Jf1Gy0Tu"


def scrape(authorization: str = f"Bearer {TOKEN}") -> Any:
    return Client(headers={"Authorization": authorization}).get("/metrics", headers={"Host": "10.0.0.1"})


def test_without_a_token_in_the_settings_there_is_no_such_address(site: None) -> None:
    assert Client(headers={"Authorization": "Bearer "}).get("/metrics").status_code == 404


@pytest.mark.parametrize(
    "authorization", ["", "Bearer", "Bearer ", f"Basic {TOKEN}", f"Bearer {TOKEN}x", TOKEN, "Bearer ā"]
)
def test_whoever_has_not_the_token_gets_nothing(site: None, settings: Any, authorization: str) -> None:
    settings.METRICS_TOKEN = TOKEN
    response = scrape(authorization)
    assert response.status_code == 401
    assert response.headers["WWW-Authenticate"] == "Bearer"
    assert b"ossnet" not in response.content


def test_whoever_has_it_gets_the_numbers_whatever_host_they_name(site: None, settings: Any) -> None:
    settings.METRICS_TOKEN = TOKEN
    response = scrape()
    assert response.status_code == 200
    assert response.headers["Content-Type"].startswith("text/plain; version=")
    assert response.headers["Cache-Control"] == "no-store"
    assert b"ossnet_database_up 1.0\n" in response.content


def test_the_ages_of_seal_and_purge_are_read_when_somebody_asks(site: None) -> None:
    with time_machine.travel(NOW, tick=False) as clock:
        assert (numbers("ossnet_last_seal_age_seconds"), numbers("ossnet_last_purge_age_seconds")) == ({}, {})
        decided(NOW - timedelta(hours=3))
        assert numbers("ossnet_oldest_unsealed_age_seconds") == {"": 10_800}
        seal()
        purge()
        clock.shift(90)
        decided(NOW + timedelta(seconds=60))
        assert numbers("ossnet_last_seal_age_seconds") == {"": 90}
        assert numbers("ossnet_last_purge_age_seconds") == {"": 90}
        assert numbers("ossnet_oldest_unsealed_age_seconds") == {"": 30}
        clock.shift(-3600)
        assert numbers("ossnet_last_seal_age_seconds") == {"": 0}, "a clock that was put back makes no negative age"


def test_a_purge_that_was_stopped_half_way_is_none(site: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("consent.retention._delete", fail)
    with pytest.raises(OperationalError):
        purge()
    assert numbers("ossnet_last_purge_age_seconds") == {}


@pytest.mark.parametrize("error", [OperationalError("away"), in_time.TookTooLong()])
def test_a_database_that_is_away_or_hangs_is_a_number(
    site: None, error: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ossnet_site.in_time.in_time", lambda question: fail(error=error))
    assert numbers("ossnet_database_up") == {"": 0}
    assert numbers("ossnet_last_seal_age_seconds") == {}


def test_reading_the_ages_costs_three_small_questions(site: None, django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(3):
        numbers("ossnet_database_up")


def fail(*args: object, error: Exception | None = None) -> None:
    raise error or OperationalError("no server")
