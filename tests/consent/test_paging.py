"""The list of records counts no further than the pages that it offers."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.paginator import EmptyPage
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from lxml import html

from consent import paging
from consent.admin import ConsentRecordAdmin
from consent.models import ConsentRecord
from consent.models.evidence import number_of
from consent.paging import NearbyPaginator

RECORDS = "/admin/consent/consentrecord/"
START = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture
def seven_records(db: None) -> None:
    """Refusals; two of them of the same moment."""
    for place in range(7):
        moment = START + timedelta(days=min(place, 5))
        record = ConsentRecord(
            subject_id=f"00000000-0000-4000-8000-00000000000{place}", event="refused", control="banner_reject",
            decided_at=moment, valid_until=moment, grants={}, language="lv" if place else "en", gpc=False,
        )  # fmt: skip
        record.number = number_of(record.id)
        record.save()


@pytest.fixture
def officer(seven_records: None) -> Client:
    client = Client()
    client.force_login(User.objects.create_superuser("Dace"))
    return client


@pytest.fixture
def two_a_page(monkeypatch: pytest.MonkeyPatch) -> None:
    """Lists of two records, which look one page ahead."""
    monkeypatch.setattr(ConsentRecordAdmin, "list_per_page", 2)
    monkeypatch.setattr(ConsentRecordAdmin, "list_max_show_all", 2)
    monkeypatch.setattr(paging, "AHEAD", 1)


def listed(response: Any) -> tuple[list[str], list[str], str]:
    """The records, the pages that are offered, and what is said of their number."""
    document = html.fromstring(response.content.decode())
    (below,) = document.xpath("//p[@class='paginator']")
    numbers = document.xpath("//table[@id='result_list']/tbody/tr/th//text()")
    return numbers, below.xpath("./a/text() | ./span/text()"), " ".join(below.text_content().split())


def newest_first() -> list[str]:
    return list(ConsentRecord.objects.order_by("-decided_at", "-pk").values_list("number", flat=True))


@pytest.mark.parametrize(
    ("page", "most", "is_cut"),
    [
        ("1", 4, True),
        ("2", 6, True),
        ("3", 7, False),
        ("0", 4, True),
        ("-5", 4, True),
        ("9" * 18, 7, False),
        ("", 4, True),
    ],
)
def test_counting_stops_beyond_the_next_pages(
    seven_records: None, two_a_page: None, page: str, most: int, is_cut: bool
) -> None:
    pages = NearbyPaginator(ConsentRecord.objects.all(), 2, page)
    assert (pages.count, pages.is_cut) == (most, is_cut)


def test_the_database_counts_no_more_than_that(seven_records: None, two_a_page: None) -> None:
    pages = NearbyPaginator(ConsentRecord.objects.all(), 2, "1")
    with CaptureQueriesContext(connection) as queries:
        assert (pages.num_pages, pages.count, pages.is_cut) == (2, 4, True)
    (counted,) = queries
    assert "LIMIT 5" in counted["sql"]
    assert "ORDER BY" not in counted["sql"]
    with pytest.raises(EmptyPage):
        pages.page(3)


def test_every_page_is_reached_on_the_way(officer: Client, two_a_page: None) -> None:
    expected = newest_first()
    for page, offered in ((1, ["1", "2"]), (2, ["1", "2", "3"]), (3, ["1", "2", "3", "4"]), (4, ["1", "2", "3", "4"])):
        numbers, pages, said = listed(officer.get(f"{RECORDS}?p={page}"))
        assert numbers == expected[2 * page - 2 : 2 * page]
        assert pages == offered
        assert ("Vairāk nekā" in said) == (page < 3), said
    assert "7 piekrišanas ieraksti" in said
    assert officer.get(f"{RECORDS}?p=5").headers["Location"].endswith("?e=1")


@pytest.mark.parametrize("page", ["x", "", "-1", "0", "²", "9" * 30])
def test_a_page_that_there_is_not_is_no_error_of_ours(officer: Client, two_a_page: None, page: str) -> None:
    assert officer.get(f"{RECORDS}?p={page}").status_code in {200, 302}


def test_few_records_are_shown_whole(officer: Client) -> None:
    numbers, pages, said = listed(officer.get(RECORDS))
    assert (numbers, pages) == (newest_first(), [])
    assert said == "7 piekrišanas ieraksti"


def test_all_are_offered_where_they_are_not_too_many(officer: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ConsentRecordAdmin, "list_per_page", 2)
    _numbers, pages, _said = listed(officer.get(RECORDS))
    assert "all=" in str(html.fromstring(officer.get(RECORDS).content.decode()).xpath("//a[@class='showall']/@href"))
    assert listed(officer.get(f"{RECORDS}?all="))[0] == newest_first()
    assert pages[:2] == ["1", "2"]


def test_no_page_of_the_list_looks_through_all_records(officer: Client) -> None:
    for query in ("", "?p=1", "?language=lv", "?event=refused&p=1", "?_facets=True"):
        with CaptureQueriesContext(connection) as queries:
            assert officer.get(f"{RECORDS}{query}").status_code in {200, 302}
        asked = [query["sql"] for query in queries if "consent_consentrecord" in query["sql"]]
        assert len(asked) == 2, asked
        assert not any("DISTINCT" in sql for sql in asked)
        assert "LIMIT 10101" in asked[0]


def test_records_are_filtered_by_the_languages_of_the_site(officer: Client) -> None:
    assert len(listed(officer.get(f"{RECORDS}?language=en"))[0]) == 1
    assert len(listed(officer.get(f"{RECORDS}?language=xx"))[0]) == 7


def test_the_order_of_the_list_is_that_of_an_index(officer: Client) -> None:
    if connection.vendor != "sqlite":
        pytest.skip("PostgreSQL sorts so few")
    with CaptureQueriesContext(connection) as queries:
        officer.get(RECORDS)
    ordered = next(query["sql"] for query in queries if "ORDER BY" in query["sql"] and "decided_at" in query["sql"])
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN QUERY PLAN {ordered}")
        plan = str(cursor.fetchall())
    assert "record_by_moment" in plan
    assert "TEMP B-TREE" not in plan


def test_what_is_searched_for_stays_in_the_field(officer: Client) -> None:
    page = html.fromstring(officer.get(f"{RECORDS}?q=nothing&event=refused").content.decode())
    assert page.xpath("//input[@name='q']/@value") == ["nothing"]
    assert page.xpath("//form[@role='search']//input[@type='hidden']/@name") == ["event"]
    assert "0 piekrišanas ierakstu" in listed(officer.get(f"{RECORDS}?q=nothing"))[2]
