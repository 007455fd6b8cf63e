"""Telling clients apart without keeping an address."""

import hashlib
import re
from typing import Any

import pytest
import time_machine
from django.test import RequestFactory

from ossnet_site.clients import client_pseudonym

NOON = "2026-11-23T12:00:17Z"


def request(address: str = "192.0.2.1", **headers: str) -> Any:
    return RequestFactory(headers=headers).post("/sikdatnes/", REMOTE_ADDR=address)


def test_a_pseudonym_says_nothing_and_is_another_one_each_day(settings: Any) -> None:
    key = settings.SECRET_KEY
    with time_machine.travel("2026-11-23T23:59:00Z", tick=False):
        today = client_pseudonym(request())
        assert client_pseudonym(request()) == today
        assert client_pseudonym(request("192.0.2.2")) != today
        settings.SECRET_KEY = "another-key"
        assert client_pseudonym(request()) != today
        settings.SECRET_KEY = key
    assert re.fullmatch("[0-9a-f]{64}", today)
    assert today != hashlib.sha256(b"192.0.2.1").hexdigest()  # else all addresses could be tried
    with time_machine.travel("2026-11-24T00:00:00Z", tick=False):
        assert client_pseudonym(request()) != today


def same(one: str, other: str) -> bool:
    return client_pseudonym(request(one)) == client_pseudonym(request(other))


@time_machine.travel(NOON, tick=False)
def test_ipv6_is_one_client_within_its_first_64_bits() -> None:
    assert same("2001:db8:1:2::1", "2001:db8:1:2:ffff:ffff:ffff:ffff")
    assert not same("2001:db8:1:2::1", "2001:db8:1:3::1")
    assert same("::ffff:192.0.2.1", "192.0.2.1")
    assert not same("::ffff:192.0.2.1", "::ffff:192.0.2.2")
    assert same("fe80::1%eth0", "fe80::2")


@time_machine.travel(NOON, tick=False)
def test_a_forwarded_address_is_believed_only_behind_the_proxy_and_only_the_last_one(settings: Any) -> None:
    direct = client_pseudonym(request("10.0.0.1"))
    assert client_pseudonym(request("10.0.0.1", **{"X-Forwarded-For": "192.0.2.1"})) == direct
    settings.BEHIND_TLS_PROXY = True
    visitor = client_pseudonym(request("192.0.2.1"))
    for forwarded in ("192.0.2.1", "198.51.100.9, 192.0.2.1", "x,192.0.2.1 ", "192.0.2.1:5000", "[::ffff:192.0.2.1]:5"):
        assert client_pseudonym(request("10.0.0.1", **{"X-Forwarded-For": forwarded})) == visitor


@pytest.mark.parametrize(
    "garbage", ["", ",", "unknown", "192.0.2.1,", "999.1.1.1", "[", "[]:1", "\x00", "a" * 9000, "_x"]
)
@time_machine.travel(NOON, tick=False)
def test_garbage_is_taken_for_the_proxy_itself(settings: Any, garbage: str) -> None:
    settings.BEHIND_TLS_PROXY = True
    assert client_pseudonym(request("10.0.0.1", **{"X-Forwarded-For": garbage})) == client_pseudonym(
        request("10.0.0.1")
    )
    assert client_pseudonym(request("", **{"X-Forwarded-For": garbage})) == client_pseudonym(request("nonsense"))
