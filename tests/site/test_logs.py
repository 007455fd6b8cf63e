"""What stands in the log after a refusal and after a fault."""

import io
import logging
from collections.abc import Iterator

import pytest
from django.test import Client

from consent.models import ConsentRecord
from ossnet_site.logs import OneLineForRefusals
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
    assert log.getvalue() == "Not Found: /sikdatnes/apliecinajums/<str:number>/\n"
