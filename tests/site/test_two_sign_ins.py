"""One code in two browsers at the same moment: it lets one of them in.

On SQLite a transaction takes the one write lock with its first statement (ossnet_site/environment.py).
"""

import threading
import time
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django_otp.plugins.otp_static.models import StaticToken
from django_otp.plugins.otp_totp.models import TOTPDevice

from ossnet_site import second_factor, triggers
from tests.staff import person, shown_by, telephone


def lingering(step: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """A step between looking and writing that leaves the other one time to look too."""

    def lingered(row: Any) -> Any:
        time.sleep(0.3)  # seconds
        return step(row)

    return lingered


@pytest.mark.skipif(connection.vendor == "sqlite", reason="SQLite has one writer at a time")
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("kind", ["telephone", "recovery"])
def test_a_code_counts_once_also_at_the_same_moment(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    triggers.install(connection)
    anna = person()
    device = telephone(anna)
    recovery = second_factor.new_recovery_codes(anna)[0]
    code = shown_by(device) if kind == "telephone" else recovery
    looks_on: dict[Any, str] = {TOTPDevice: "verify_is_allowed", StaticToken: "delete"}
    for model, name in looks_on.items():
        monkeypatch.setattr(model, name, lingering(getattr(model, name)))
    let_in = []

    def browser() -> None:
        try:
            let_in.append(second_factor.verify(anna, code) is not None)
        finally:
            connection.close()

    threads = [threading.Thread(target=browser) for _browser in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    triggers.remove(connection)  # what comes next empties the tables
    assert sorted(let_in) == [False, True]
