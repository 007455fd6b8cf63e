"""When the database is away: no third-party script, no 500, no decision claimed that was not stored."""

from collections.abc import Callable, Iterator

import pytest
from django.db import OperationalError
from django.test import Client

from consent.disclosures import Shown
from consent.models import ConsentRecord
from privacy import current
from tests.consent.decide import decide


@pytest.fixture
def database_down(visitor: Client) -> Iterator[Callable[[], None]]:
    """Call it to make every query fail, as a lost server does."""
    monkeypatch = pytest.MonkeyPatch()

    def fail(*args: object, **kwargs: object) -> None:
        raise OperationalError("server closed the connection unexpectedly")

    def switch() -> None:
        current.forget()
        monkeypatch.setattr("django.db.backends.utils.CursorWrapper._execute", fail)

    yield switch
    monkeypatch.undo()


@pytest.mark.parametrize("address", ["/privatuma-politika/", "/sikdatnes/"])
def test_a_page_that_needs_the_database_says_it_is_away(
    visitor: Client, database_down: Callable[[], None], address: str
) -> None:
    database_down()
    response = visitor.get(address)
    assert response.status_code == 503
    assert response.headers["Retry-After"] == "30"
    assert "Vietne īslaicīgi nav pieejama" in response.content.decode()
    assert "banner-heading" not in response.content.decode()


@pytest.mark.parametrize(("address", "status"), [("/", 200), ("/en/contacts/", 200), ("/none/", 404)])
def test_a_page_that_does_not_need_the_database_stands_without_asking(
    visitor: Client, database_down: Callable[[], None], address: str, status: int
) -> None:
    database_down()
    response = visitor.get(address)
    assert response.status_code == status
    assert "banner-heading" not in response.content.decode()


@pytest.mark.parametrize("decision", ["accept_all", "reject_all", "withdraw"])
def test_a_decision_that_cannot_be_stored_is_not_claimed(
    visitor: Client, shown: Shown, database_down: Callable[[], None], decision: str
) -> None:
    database_down()
    response = decide(visitor, decision, disclosure=shown.sha256)
    assert response.status_code == 503
    assert "izvēle nav saglabāta" in response.content.decode()
    assert not response.cookies


def test_a_record_that_fails_to_commit_issues_no_cookie(
    visitor: Client, shown: Shown, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*args: object, **kwargs: object) -> None:
        raise OperationalError("disk full")

    monkeypatch.setattr(ConsentRecord, "save_base", fail)
    response = decide(visitor, "accept_all", disclosure=shown.sha256)
    assert response.status_code == 503
    assert not response.cookies
    monkeypatch.undo()
    assert not ConsentRecord.objects.exists()


def test_an_answer_that_is_no_page_is_left_to_its_own_caching(visitor: Client) -> None:
    response = visitor.get("/static/css/site.css")
    response.close()
    assert response.status_code == 200
    assert "Cookie" not in response.headers.get("Vary", "")
    assert "private" not in response.headers["Cache-Control"]
