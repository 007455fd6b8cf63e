"""Health checks."""

from typing import Any

import pytest
from django.db import OperationalError, connection
from django.db.migrations.loader import MigrationLoader
from django.test import Client

from ossnet_site import health, triggers


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


def test_with_a_trigger_missing_the_site_is_not_ready(site: None) -> None:
    with connection.cursor() as cursor:
        on_table = " ON consent_consentrecord" if connection.vendor == "postgresql" else ""
        (name, *_others) = (name for name, trigger in triggers.triggers().items() if "consentrecord" in trigger[0])
        cursor.execute(f"DROP TRIGGER {name}{on_table}")
    response = Client().get("/healthz/ready")
    assert (response.status_code, response.content) == (503, b"triggers missing")


def test_before_the_migrations_of_this_release_the_site_is_not_ready_and_after_those_of_the_next_it_is(
    site: None,
) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO django_migrations (app, name, applied) VALUES ('consent', '9999_next', '2030-01-01')"
        )
        assert Client().get("/healthz/ready").status_code == 200
        cursor.execute("DELETE FROM django_migrations WHERE app = 'consent' AND name LIKE '0001%'")
    response = Client().get("/healthz/ready")
    assert (response.status_code, response.content) == (503, b"migrations missing")


def test_the_list_of_known_migrations_is_that_of_django(db: None) -> None:
    assert health.known_migrations() == set(MigrationLoader(connection).disk_migrations)


def test_an_empty_database_is_not_ready(db: None) -> None:
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE django_migrations RENAME TO elsewhere")
    assert Client().get("/healthz/ready").status_code == 503


def test_readiness_costs_four_small_questions(site: None, django_assert_max_num_queries: Any) -> None:
    Client().get("/healthz/ready")
    with django_assert_max_num_queries(4):
        Client().get("/healthz/ready")
