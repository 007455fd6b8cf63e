"""What browsers report: few, short, counted rows; whatever else is sent here leaves nothing."""

import json
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.contrib.auth.models import Group, User
from django.test import Client
from django.utils import timezone

from consent import csp_reports
from consent.models import CspReport

pytestmark = pytest.mark.django_db
ADDRESS = "/csp-reports/"
PAGE = "http://testserver/privatuma-politika/?utm_source=letter#analytics"
REPORT = "application/csp-report"


def report(
    document: str = PAGE, directive: str = "script-src-elem", blocked: str = "https://evil.example/x.js?a=1"
) -> dict[str, Any]:
    body = {
        "document-uri": document,
        "violated-directive": directive,
        "blocked-uri": blocked,
        "script-sample": "secret",
    }
    return {"csp-report": body}


def send(sent: Any, content_type: str = REPORT, client: str = "127.0.0.1") -> int:
    data = sent if isinstance(sent, (str, bytes)) else json.dumps(sent)
    return Client(REMOTE_ADDR=client).post(ADDRESS, data, content_type=content_type).status_code


def kept() -> list[tuple[str, str, str, int]]:
    return list(CspReport.objects.order_by("pk").values_list("document", "directive", "blocked", "count"))


def test_equal_reports_are_one_row_without_query_and_with_a_count() -> None:
    assert [send(report()), send(report()), send(report(blocked="https://EVIL.example/y"))] == [204] * 3
    assert kept() == [("/privatuma-politika/", "script-src-elem", "https://evil.example", 3)]


@pytest.mark.parametrize(
    ("address", "page"),
    [
        ("http://testserver/en/cookies/receipt/7K3M-Q2PX-9RDT/", "/en/cookies/receipt/<str:number>/"),
        ("http://testserver/sikdatnes/apliecinajums/7K3M-Q2PX-9RDT/", "/sikdatnes/apliecinajums/<str:number>/"),
        ("http://testserver/admin/auth/user/1/change/", "/admin/auth/user/<path:object_id>/change/"),
    ],
)  # fmt: skip
def test_the_pattern_of_the_page_is_kept_and_never_a_record_number(address: str, page: str) -> None:
    send(report(document=address))
    assert [row[0] for row in kept()] == [page]


@pytest.mark.parametrize(
    ("reported", "blocked"),
    [
        ("inline", "inline"),
        ("eval", "eval"),
        ("trusted-types-sink", "trusted-types-sink"),
        ("data", "data"),
        ("data:text/html,x", "data"),
        ("wss://ws.example:8443/a?b", "wss://ws.example:8443"),
    ],
)
def test_a_keyword_or_a_host_is_kept(reported: str, blocked: str) -> None:
    send(report(blocked=reported))
    assert [row[2] for row in kept()] == [blocked]


@pytest.mark.parametrize(
    "sent",
    [
        [],
        {},
        None,
        7,
        "text",
        [report()],
        {"csp-report": []},
        report(document="http://elsewhere.example/"),
        report(document="http://testserver/no/such/page/"),
        report(document="http://[broken/"),
        report(document=""),
        report(directive="made-up"),
        report(directive=""),
        report(blocked=""),
        report(blocked="chrome-extension://abc/x.js"),
        report(blocked="https://"),
        report(blocked="https://a b/"),
        report(blocked="https://" + "a" * 300 + ".example"),
        report(blocked="https://user:secret@host.example/"),
        report(blocked="http://["),
        {"csp-report": {"document-uri": PAGE, "effective-directive": ["script-src"], "blocked-uri": {"a": 1}}},
    ],
    ids=str,
)
def test_what_is_no_report_of_ours_leaves_nothing(sent: Any) -> None:
    assert send(json.dumps(sent)) == 204
    assert kept() == []


@pytest.mark.parametrize("body", ["{", "[" * 100_000, b"\xff\xfe\x00", "NaN,"])
def test_what_is_not_json_is_refused(body: str | bytes) -> None:
    assert send(body) in {400, 413}
    assert kept() == []


def test_other_requests_are_refused_with_their_status() -> None:
    assert send({}, "text/plain") == 415
    assert send({}, "application/x-www-form-urlencoded") == 415
    assert send("x" * 20_000) == 413
    response = Client().get(ADDRESS)
    assert (response.status_code, response.headers["Allow"]) == (405, "POST")


def test_when_there_is_no_room_the_rarest_gives_way_to_what_is_new(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(csp_reports, "MOST_KINDS", 2)
    for name in ("a", "b", "a", "c"):
        send(report(blocked=f"https://{name}.example/"))
    assert {(row[2], row[3]) for row in kept()} == {("https://a.example", 2), ("https://c.example", 1)}


def test_one_client_brings_few_new_kinds_and_others_are_still_heard() -> None:
    for number in range(30):
        send(report(blocked=f"https://n{number}.example/"))
    assert len(kept()) == 20
    send(report(blocked="https://n0.example/"))
    assert ("https://n0.example", 2) in {(row[2], row[3]) for row in kept()}, "a known one is counted"
    send(report(blocked="https://other.example/"), client="192.0.2.9")
    assert "https://other.example" in {row[2] for row in kept()}


def test_what_was_not_seen_for_long_makes_room() -> None:
    with time_machine.travel(timezone.now(), tick=False) as clock:
        send(report(blocked="https://a.example/"))
        clock.shift(csp_reports.KEPT + timedelta(seconds=1))
        send(report(blocked="https://b.example/"))
    assert [row[2] for row in kept()] == ["https://b.example"]


def test_a_known_kind_costs_one_query(django_assert_num_queries: Any) -> None:
    send(report())
    with django_assert_num_queries(1):
        send(report())


def test_a_report_sets_no_cookie_and_may_do_nothing() -> None:
    response = Client().post(ADDRESS, json.dumps(report()), content_type=REPORT)
    assert not response.cookies
    assert response.content == b""
    assert response.headers["Content-Security-Policy"].startswith("default-src 'none'")


def test_privacy_officers_see_an_undeclared_host_and_clear_it_away() -> None:
    send(report())
    send(report(blocked="https://www.facebook.com/tr"))
    person = User.objects.create_user("Dace", is_staff=True)
    person.groups.set(Group.objects.filter(name="Privacy officers"))
    officer = Client(headers={"Sec-Fetch-Site": "same-origin"})
    officer.force_login(person)
    page = officer.get("/admin/consent/cspreport/").content.decode()
    assert "https://evil.example" in page
    undeclared, declared = (
        next(line for line in page.split("<tr>") if f">{host}<" in line)
        for host in ("https://evil.example", "https://www.facebook.com")
    )
    assert "icon-no" in undeclared
    assert "icon-yes" in declared
    row = CspReport.objects.get(blocked="https://evil.example")
    assert str(row) == "script-src-elem https://evil.example"
    assert officer.get("/admin/consent/cspreport/add/").status_code == 403
    assert officer.post(f"/admin/consent/cspreport/{row.pk}/change/", {"count": 0}).status_code == 403
    assert officer.post(f"/admin/consent/cspreport/{row.pk}/delete/", {"post": "yes"}).status_code == 302
    assert not CspReport.objects.filter(pk=row.pk).exists()
