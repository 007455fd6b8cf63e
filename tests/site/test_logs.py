"""What stands in the log after a refusal and after a fault."""

import io
import json
import logging
import secrets
import socket
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import psycopg
import pytest
from django.db import DatabaseError, IntegrityError, OperationalError, connection, connections, transaction
from django.test import Client, RequestFactory
from psycopg_pool import PoolTimeout

from consent.models import ConsentRecord
from ossnet_site.environment import database
from ossnet_site.logs import JsonLines, OneLineForRefusals, current, request_id
from ossnet_site.postgresql.base import DatabaseWrapper
from tests.consent.decide import FORM


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    """What the site's own handler writes."""
    (handler,) = (h for h in logging.getLogger().handlers if any(type(f) is OneLineForRefusals for f in h.filters))
    assert isinstance(handler, logging.StreamHandler)
    before = handler.setStream(stream := io.StringIO())
    yield stream
    handler.setStream(before)


def test_a_refused_decision_is_one_line(visitor: Client, log: io.StringIO) -> None:
    response = visitor.post("/sikdatnes/", b"decision=accept_all", FORM, headers={"Sec-Fetch-Site": "cross-site"})
    assert response.status_code == 403
    assert not ConsentRecord.objects.exists()
    assert len(log.getvalue().splitlines()) == 1


def test_a_fault_leaves_its_traceback(log: io.StringIO) -> None:
    try:
        raise ValueError("inside")
    except ValueError:
        logging.getLogger("django.request").exception("Fault")
    assert "ValueError: inside" in log.getvalue()


def test_a_foreign_host_and_a_form_of_a_thousand_fields_are_one_line_each(visitor: Client, log: io.StringIO) -> None:
    assert visitor.get("/", headers={"Host": "evil.example"}).status_code == 400
    fields = "&".join(f"f{number}=" for number in range(1001))
    assert visitor.post("/sikdatnes/", fields, FORM, headers={"Sec-Fetch-Site": "same-origin"}).status_code == 400
    assert "Traceback" not in log.getvalue()


def test_a_record_number_is_not_logged(visitor: Client, log: io.StringIO) -> None:
    assert visitor.get("/sikdatnes/apliecinajums/7K3M-Q2PX-9RDT/").status_code == 404
    assert "7K3M" not in log.getvalue()
    line = json.loads(log.getvalue())
    assert line["message"] == "Not Found: /sikdatnes/apliecinajums/<str:number>/"
    assert line["level"] == "WARNING"
    assert line["logger"] == "django.request"


def test_an_address_that_leads_nowhere_is_not_logged(visitor: Client, log: io.StringIO) -> None:
    assert visitor.get("/sikdatnes/apliecinajums/7K3M-Q2PX-9RDT/x/?vards=Anna").status_code == 404
    assert json.loads(log.getvalue())["message"] == "Not Found: (no route)"


def test_nothing_that_comes_with_a_record_is_logged_but_what_is_named(visitor: Client, log: io.StringIO) -> None:
    request = RequestFactory().get("/kontakti/?vards=Anna", headers={"Cookie": "a=Anna", "User-Agent": "Anna"})
    extra = {"request": request, "user": "Anna", "status_code": 404, "status": 404}
    logging.getLogger("consent").warning("A word", extra=extra)
    assert "Anna" not in log.getvalue()
    assert json.loads(log.getvalue()).keys() == {"time", "level", "logger", "message", "status"}


def test_a_fault_is_one_line_with_its_traceback_and_letters_as_they_are(log: io.StringIO) -> None:
    try:
        raise ValueError("iekšā")
    except ValueError:
        logging.getLogger("consent").exception("Kļūda")
    (line,) = log.getvalue().splitlines()
    assert "Kļūda" in line
    assert json.loads(line)["traceback"].endswith("ValueError: iekšā")


class Refusal(Exception):
    """As psycopg's."""

    sqlstate = "23514"


DETAIL = "new row violates a constraint\nDETAIL:  Failing row contains (Anna)."


def test_what_a_database_says_of_the_values_that_it_refused_is_not_logged(log: io.StringIO) -> None:
    try:
        try:
            try:
                raise Refusal(DETAIL)
            except Refusal as refusal:
                raise IntegrityError(str(refusal)) from refusal
        except IntegrityError:
            raise ValueError("afterwards")  # noqa: B904 - what is not said to be a cause is told, too
    except ValueError:
        logging.getLogger("consent").exception("Not stored")
    said = json.loads(log.getvalue())["traceback"]
    assert "Anna" not in said
    assert "django.db.utils.IntegrityError: 23514\n" in said
    assert "Refusal: 23514\n" in said
    assert said.count("Traceback") == 3
    assert said.endswith("ValueError: afterwards")


def test_the_database_at_hand_is_named_by_its_code_alone(db: None, log: io.StringIO) -> None:
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SELECT 'Anna' FROM nowhere")
    except DatabaseError:
        logging.getLogger("consent").exception("Not read")
    said = json.loads(log.getvalue())["traceback"]
    assert "nowhere" not in said.splitlines()[-1]
    assert said.endswith(": 42P01" if connection.vendor == "postgresql" else ": SQLITE_ERROR")


def last_lines(fault: Exception, log: io.StringIO) -> list[str]:
    """What is told of a fault, and of the one that Django makes of it."""
    try:
        raise OperationalError(*fault.args) from fault
    except OperationalError:
        logging.getLogger("consent").exception("Not there")
    told: str = json.loads(log.getvalue())["traceback"]
    return [told.splitlines()[0], told.splitlines()[-1]]


def test_why_there_is_no_connection_is_said_in_the_words_of_the_driver(log: io.StringIO) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
        config = connections.databases["default"] | database(f"postgres://name:hush@127.0.0.1:{port}/site")
        wrapper = DatabaseWrapper(config)
        try:
            with wrapper.wrap_database_errors:
                wrapper.connect()
        except OperationalError:
            logging.getLogger("consent").exception("Not there")
    said = json.loads(log.getvalue())["traceback"]
    last = f'connection failed: connection to server at "127.0.0.1", port {port} failed: Connection refused'
    assert said.endswith(f"django.db.utils.OperationalError: {last}")
    assert f"psycopg.OperationalError: {last}\n" in said
    assert "hush" not in log.getvalue()


@pytest.mark.parametrize(
    ("fault", "last"),
    [
        (PoolTimeout("couldn't get a connection after 3.00 sec"), "couldn't get a connection after 3.00 sec"),
        (psycopg.InterfaceError("the connection is lost\nAnna"), "the connection is lost"),
        (psycopg.OperationalError("x" * 1000), "x" * 300),
        # PostgreSQL's words have a code, and stay out.
        (psycopg.errors.AdminShutdown("Anna"), "57P01"),
        (psycopg.errors.CheckViolation(DETAIL), "23514"),
    ],
)
def test_of_a_connection_that_broke_the_first_line_is_told(fault: Exception, last: str, log: io.StringIO) -> None:
    kind = f"{type(fault).__module__}.{type(fault).__qualname__}"
    assert last_lines(fault, log) == [f"{kind}: {last}", f"django.db.utils.OperationalError: {last}"]
    assert "Anna" not in log.getvalue()


def test_what_psycopg_says_of_an_address_that_it_cannot_read_is_not_told(log: io.StringIO) -> None:
    password = secrets.token_hex()
    with pytest.raises(psycopg.ProgrammingError, match=password) as refused:
        psycopg.connect(f"postgres://name:%zz{password}@127.0.0.1/site")
    assert last_lines(refused.value, log)[1] == "django.db.utils.OperationalError"
    assert password not in log.getvalue()


def test_what_python_says_of_a_text_in_sqlite_that_it_cannot_decode_is_not_told(log: io.StringIO) -> None:
    with closing(sqlite3.connect(":memory:")) as file:
        with pytest.raises(sqlite3.OperationalError, match="Anna") as refused:
            file.execute("SELECT CAST(x'416e6e61ff' AS TEXT)").fetchone()
        assert last_lines(refused.value, log)[1] == "django.db.utils.OperationalError"
    assert "Anna" not in log.getvalue()


def test_lines_of_one_request_carry_its_id_and_lines_of_none_carry_none(log: io.StringIO) -> None:
    environ: dict[str, Any] = {}
    current.environ = environ
    logging.getLogger("consent").warning("One")
    logging.getLogger("consent").warning("Two")
    current.environ = None
    logging.getLogger("consent").warning("Three")
    one, two, three = map(json.loads, log.getvalue().splitlines())
    assert one["request_id"] == two["request_id"] == request_id(environ)
    assert "request_id" not in three


@pytest.mark.parametrize(
    ("given", "is_believed"),
    [
        ("0f8e-4c1d_A9b2", True),
        ("short", False),
        ("192.0.2.7:4711", False),
        ("a b c d e f g h", False),
        ("x" * 65, False),
    ],
)
def test_the_id_of_a_proxy_that_we_believe_is_taken_where_it_is_well_formed(
    settings: Any, given: str, is_believed: bool
) -> None:
    settings.BEHIND_TLS_PROXY = True
    assert (request_id({"HTTP_X_REQUEST_ID": given}) == given) is is_believed
    settings.BEHIND_TLS_PROXY = False
    assert request_id({"HTTP_X_REQUEST_ID": given}) != given


def test_gunicorn_speaks_json_too() -> None:
    from gunicorn.config import Config

    from ossnet_site.worker import Logger

    before = logging.getLogger("gunicorn.error").propagate, logging.getLogger("gunicorn.access").propagate
    gunicorn = Logger(Config())
    assert gunicorn.error_log.handlers
    assert all(isinstance(handler.formatter, JsonLines) for handler in gunicorn.error_log.handlers)
    gunicorn.error_log.handlers.clear()
    gunicorn.error_log.propagate, gunicorn.access_log.propagate = before
