"""A decision that changes nothing adds no row, and neither does one that is sent twice."""

import threading
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.db import connection
from django.test import Client
from pytest_django import Settings

from consent import cookie, disclosures, sqlite_writer
from consent.disclosures import Shown
from consent.models import ConsentRecord, RecentDecision
from tests.consent.decide import decide

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
BY_HAND = {"Sec-Fetch-Site": "same-origin", "Sec-Fetch-User": "?1", "User-Agent": "Firefox"}


@pytest.mark.parametrize(
    ("decision", "ticked"), [("accept_all", ()), ("reject_all", ()), ("save", ("hotjar",)), ("withdraw", ())]
)
def test_the_same_decision_again_adds_no_row(
    visitor: Client, shown: Shown, decision: str, ticked: tuple[str, ...]
) -> None:
    decide(visitor, decision, *ticked, disclosure=shown.sha256)
    before = visitor.cookies["consent"].value
    response = decide(visitor, decision, *ticked, disclosure=shown.sha256)
    assert response.status_code == 303
    assert ConsentRecord.objects.count() == 1
    assert visitor.cookies["consent"].value == before


def test_withdrawing_what_was_never_given_is_a_refusal_once(visitor: Client) -> None:
    decide(visitor, "reject_all")
    decide(visitor, "withdraw")
    assert [record.event for record in ConsentRecord.objects.all()] == ["refused"]


def test_after_182_days_the_same_decision_is_a_new_one(visitor: Client, shown: Shown) -> None:
    with time_machine.travel(NOW, tick=False) as clock:
        decide(visitor, "accept_all", disclosure=shown.sha256)
        visitor.cookies["consent"]["expires"] = ""
        clock.move_to(NOW + timedelta(days=183))
        decide(visitor, "accept_all", disclosure=shown.sha256)
    assert [record.event for record in ConsentRecord.objects.all()] == ["given", "given"]


def first_press(**headers: str) -> Client:
    client = Client(headers=BY_HAND | headers)
    decide(client, "reject_all", next_="/kontakti/")
    return client


@time_machine.travel(NOW, tick=False)  # on a busy machine three seconds can lie between the two
def test_a_second_press_of_the_same_button_finds_the_record_of_the_first(site: None) -> None:
    clients = [first_press(), first_press()]
    record = ConsentRecord.objects.get()
    choices = [cookie.decode(client.cookies["consent"].value) for client in clients]
    assert [choice.record_id for choice in choices if choice] == [record.pk, record.pk]
    assert {choice.subject_id for choice in choices if choice} == {record.subject_id}


def test_what_differs_or_comes_later_or_from_a_program_is_a_decision_of_its_own(site: None) -> None:
    with time_machine.travel(NOW, tick=False) as clock:
        first_press()
        first_press(**{"User-Agent": "Chromium"})
        first_press(**{"Accept-Language": "lv"})
        first_press(**{"Sec-Fetch-User": ""})
        first_press(**{"Sec-Fetch-User": ""})
        clock.move_to(NOW + timedelta(seconds=4))
        first_press()
    assert ConsentRecord.objects.count() == 6
    assert RecentDecision.objects.count() == 1
    with time_machine.travel(NOW - timedelta(hours=1), tick=False):
        first_press()
    assert ConsentRecord.objects.count() == 7, "the clock was put back"
    (row,) = RecentDecision.objects.all()
    assert str(row) == row.key
    assert len(row.key) == 64


@time_machine.travel(NOW, tick=False)
def test_behind_a_proxy_the_client_is_the_last_one_that_the_proxy_names(site: None, settings: Settings) -> None:
    settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    first_press(**{"X-Forwarded-For": "192.0.2.1"})
    first_press(**{"X-Forwarded-For": "192.0.2.9, 192.0.2.1"})
    assert ConsentRecord.objects.count() == 1
    first_press(**{"X-Forwarded-For": "192.0.2.1, 192.0.2.2"})
    assert ConsentRecord.objects.count() == 2


@pytest.mark.skipif(connection.vendor == "sqlite", reason="SQLite has one writer at a time")
@time_machine.travel(NOW, tick=False)
def test_two_presses_at_the_same_moment_make_one_record(committed_site: None) -> None:
    shown = disclosures.current("lv")
    assert shown
    barrier = threading.Barrier(8)
    codes = []

    def press() -> None:
        barrier.wait()
        client = Client(headers=BY_HAND)
        codes.append(decide(client, "accept_all", disclosure=shown.sha256).status_code)
        connection.close()

    threads = [threading.Thread(target=press) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert codes == [303] * 8
    assert ConsentRecord.objects.count() == 1


def test_whoever_is_told_of_the_first_press_is_told_of_what_is_safe(
    site: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[int] = []
    monkeypatch.setattr(sqlite_writer, "make_safe", lambda: asked.append(ConsentRecord.objects.count()))
    with time_machine.travel(NOW, tick=False):
        first_press()
        assert asked == []
        first_press()
    assert asked == [1]
