"""Health checks."""

import pytest
from django.db import OperationalError, connection
from django.test import Client


@pytest.mark.parametrize("address", ["/healthz/live", "/healthz/ready"])
def test_a_probe_gets_ok_whatever_host_it_names(site: None, address: str) -> None:
    response = Client().get(address, headers={"Host": "10.0.0.1"})
    assert (response.status_code, response.content) == (200, b"ok")
    assert response.headers["Cache-Control"] == "no-store"


def test_without_a_database_the_process_lives_but_is_not_ready(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*args: object) -> None:
        raise OperationalError("no server")

    monkeypatch.setattr(connection, "cursor", fail)
    monkeypatch.setattr(connection, "close", lambda: None)
    assert Client().get("/healthz/live").status_code == 200
    response = Client().get("/healthz/ready")
    assert response.status_code == 503
    assert b"no server" not in response.content


@pytest.mark.django_db
def test_before_the_policy_is_loaded_the_site_is_not_ready() -> None:
    response = Client().get("/healthz/ready")
    assert (response.status_code, response.content) == (503, b"no policy in force")
