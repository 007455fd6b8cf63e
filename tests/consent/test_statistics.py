"""Statistics for staff: right numbers, from the daily summary alone, in pictures that words stand beside."""

from collections import Counter
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.contrib.auth.models import Group, User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils.translation import override
from lxml import html

from consent import charts, statistics, statistics_pages, summaries
from consent.disclosures import Shown
from consent.models import ConsentRecord, DailyCount, DailySummary
from consent.statistics import Measure, Tally
from tests.consent.decide import decide

PAGE = "/admin/consent/dailysummary/"
NOW = datetime(2026, 11, 24, 10, tzinfo=UTC)


def staff(role: str = "Privacy officers") -> Client:
    person, _new = User.objects.get_or_create(username=role, is_staff=True)
    person.groups.set(Group.objects.filter(name=role))
    client = Client()
    client.force_login(person)
    return client


def document(client: Client, address: str = PAGE) -> Any:
    response = client.get(address)
    assert response.status_code == 200
    return html.fromstring(response.content.decode())


def words(element: Any) -> str:
    return " ".join(element.text_content().split())


def table(page: Any, caption: str) -> dict[str, list[str]]:
    """The rows of a table by their heading."""
    found = [t for t in page.xpath("//main//table") if words(t.xpath("./caption")[0]) == caption]
    rows = found[0].xpath(".//tr")
    return {words(row[0]): [words(cell) for cell in row[1:]] for row in rows}


def summary(day: date, *counts: tuple[int, str, str, int]) -> None:
    row = DailySummary.objects.create(day=day, decisions=1, counted_at=NOW)
    DailyCount.objects.bulk_create(
        DailyCount(summary=row, policy_number=policy, measure=measure, value=value, count=count)
        for policy, measure, value, count in counts
    )


@pytest.fixture
def three_days(site: None) -> None:
    """Numbers of today, of a month ago, and of a day that is too long ago."""
    summary(
        date(2026, 11, 24),
        (2, "event", "given", 1200), (2, "event", "withdrawn", 34), (2, "control", "banner_accept", 1200),
        (2, "control", "withdrawal", 34), (2, "asked", "analytics", 1200), (2, "granted", "analytics", 900),
        (0, "event", "refused", 1), (0, "control", "settings", 1),
    )  # fmt: skip
    summary(
        date(2026, 10, 31),
        (1, "event", "refused", 3), (1, "control", "banner_reject", 3), (1, "asked", "analytics", 3),
        (1, "asked", "hotjar", 3),
    )  # fmt: skip
    summary(date(2025, 11, 30), (1, "event", "given", 5), (1, "control", "settings", 5))


@pytest.fixture
def page(three_days: None) -> Any:
    with time_machine.travel(NOW, tick=False):
        return document(staff())


def test_the_numbers_of_every_month_are_in_tables(page: Any) -> None:
    assert "Lēmumi pēdējos 12 mēnešos: 1 238." in words(page)
    decisions = table(page, "Lēmumi pa mēnešiem")
    assert decisions["2026. gada novembris"] == ["1 235", "1 200", "0", "1", "34"]
    assert decisions["2026. gada oktobris"] == ["3", "0", "0", "3", "0"]
    assert decisions["2025. gada decembris"] == ["0", "0", "0", "0", "0"]
    assert decisions["Visi 12 mēneši"] == ["1 238", "1 200", "0", "4", "34"]
    assert list(decisions)[1] == "2026. gada novembris"
    assert len(decisions) == 14
    shares = table(page, "Cik liela daļa atļauj kategoriju, pa mēnešiem")
    assert shares["2026. gada novembris"] == ["75 % (900 no 1 200)", "– (0 no 0)", "– (0 no 0)"]
    assert shares["2026. gada oktobris"] == ["0 % (0 no 3)", "– (0 no 0)", "0 % (0 no 3)"]
    assert table(page, "Atsaukumi pa mēnešiem")["2026. gada novembris"] == ["34", "3 %"]
    assert table(page, "Atsaukumi pa mēnešiem")["2026. gada maijs"] == ["0", "–"]
    assert table(page, "Lietotais vadības elements pa mēnešiem")["Visi 12 mēneši"] == ["1 200", "3", "1", "34"]


def test_policy_versions_are_told_apart(page: Any) -> None:
    rows = table(page, "Lēmumi pēc politikas versijas")
    assert list(rows)[1:] == ["2", "1", "–"]
    assert rows["2"] == ["1 234", "1 200", "0", "0", "34", "75 %", "–", "–", "1 200", "0", "0", "34"]


def test_each_day_is_in_the_table_of_its_month(page: Any) -> None:
    opened = page.xpath("//main//details")
    assert [words(part[0]) for part in opened] == ["2026. gada novembris", "2026. gada oktobris"]
    assert table(opened[1].getroottree(), "2026. gada oktobris")["31.10.2026."] == ["3", "0", "0 %", "–", "0 %"]


def test_every_chart_has_a_name_and_a_description(page: Any) -> None:
    drawn = page.xpath("//main//svg")
    names = []
    for chart in drawn:
        assert chart.get("role") == "img"
        title, description = (page.get_element_by_id(name) for name in chart.get("aria-labelledby").split())
        assert words(description)
        names.append(words(title))
        assert not chart.xpath(".//@style | .//script | .//@onload")
    assert names == [
        *("Lēmumi dienā", "Atsaukumi pa mēnešiem", "Analītiskās sīkdatnes", "Facebook sīkdatnes", "Hotjar sīkdatnes"),
        *("Joslas poga „Piekrist visām”", "Joslas poga „Noraidīt visas”", "Iestatījumu lapa"),
        "Poga „Atsaukt piekrišanu”",
        *("Politikas versija: 2", "Politikas versija: 1", "Politikas versija: –"),
    ]
    assert len(page.xpath("//@id")) == len(set(page.xpath("//@id")))
    (bar,) = drawn[2].xpath(".//rect[title='11.2026.: 75\u00a0%']")
    assert (bar.get("x"), bar.get("y"), bar.get("height")) == ("1112", "250", "750")
    assert drawn[0].xpath("./path[@class='values']/@d")[0].endswith("V383h100V1000z")


def test_nothing_counted_is_said(site: None) -> None:
    said = words(document(staff()).xpath("//main")[0])
    assert "Vēl nekas nav saskaitīts." in said
    assert "manage.py summarize_decisions" in said
    assert not document(staff()).xpath("//main//svg")


def test_a_year_without_a_decision_is_said(three_days: None) -> None:
    with time_machine.travel(NOW + timedelta(days=800), tick=False):
        said = words(document(staff()).xpath("//main")[0])
    assert "Pēdējos 12 mēnešos nav saskaitīts neviens lēmums." in said


def test_the_page_says_how_far_the_numbers_reach(visitor: Client, shown: Shown) -> None:
    with time_machine.travel(NOW, tick=False):
        decide(visitor, "accept_all", disclosure=shown.sha256)
        summaries.bring_up_to_date()
        page = document(staff())
    assert "Skaitļi sniedzas līdz 24.11.2026. 12:00." in words(page)
    assert table(page, "Lēmumi pa mēnešiem")["Visi 12 mēneši"][0] == "1"


def test_the_cost_does_not_depend_on_the_records(three_days: None, visitor: Client, shown: Shown) -> None:
    client = staff()

    def asked() -> list[str]:
        with CaptureQueriesContext(connection) as queries:
            document(client)
        return [query["sql"] for query in queries]

    before = asked()
    for day in range(1, 21):
        summary(date(2026, 8, day), (3 + day % 2, "event", "given", 7))
    decide(visitor, "accept_all", disclosure=shown.sha256)
    assert ConsentRecord.objects.exists()
    assert len(asked()) == len(before) <= 8
    assert not any('"consent_consentrecord"' in sql for sql in asked())


def test_it_is_linked_from_the_list_and_the_start_page(site: None) -> None:
    client = staff()
    assert PAGE in document(client, "/admin/consent/consentrecord/").xpath("//main//@href")
    section = document(client, "/admin/").xpath("//main//div[contains(@class, 'app-consent')]")[0]
    assert PAGE in section.xpath(".//@href")
    assert document(client).xpath("//div[@class='breadcrumbs']//a/@href") == ["/admin/"]


@pytest.mark.parametrize("role", ["Policy editors", "Policy publishers", ""])
def test_who_may_not_see_records_may_not_see_statistics(site: None, role: str) -> None:
    client = staff(role)
    assert client.get(PAGE).status_code == 403
    assert PAGE not in document(client, "/admin/").xpath("//@href")


def test_one_day_can_be_looked_at_and_not_touched(three_days: None) -> None:
    address = f"{PAGE}2026-10-31/change/"
    client = staff()
    assert "31.10.2026" in words(document(client, address))
    for page in (address, f"{PAGE}add/", f"{PAGE}2026-10-31/delete/"):
        assert client.post(page, {"day": "2026-10-31", "decisions": 9, "post": "yes"}).status_code == 403


@pytest.mark.parametrize(
    ("most", "top"), [(0, 1), (1, 1), (2, 2), (3, 5), (10, 10), (11, 20), (21, 50), (99, 100), (1234, 2000)]
)
def test_a_scale_ends_at_a_round_number(most: int, top: int) -> None:
    assert charts.round_top(most) == top


def test_a_chart_without_numbers_says_so() -> None:
    with override("lv"):
        empty = charts.of_months("x", "X", {date(2026, 1, 1): None, date(2026, 2, 1): None})
        assert empty.description == "Skaitļu nav."
    assert (empty.columns, empty.begin, empty.end) == ((), "01.2026.", "02.2026.")


def test_what_is_tiny_can_be_seen_and_what_is_nothing_has_no_column() -> None:
    chart = charts.of_months("x", "X", {date(2026, 1, 1): 1, date(2026, 2, 1): 0}, top=1_000_000)
    assert [(column.height, column.y) for column in chart.columns] == [(1, 999)]


def test_a_share_of_nobody_is_no_share() -> None:
    assert Tally(Counter()).share("analytics") is None
    assert charts.as_share(None) == "–"
    half = Tally(Counter({(Measure.ASKED.value, "hotjar"): 3, (Measure.GRANTED.value, "hotjar"): 1}))
    assert half.share("hotjar") == 33


def test_twelve_months_end_with_this_one() -> None:
    months = statistics.months_until(date(2026, 3, 31))
    assert (months[0], months[-1], len(months)) == (date(2025, 4, 1), date(2026, 3, 1), 12)


def test_names_follow_the_language(site: None) -> None:
    with override("en"):
        assert statistics_pages.names_of_categories()["facebook"] == "Facebook cookies"
        assert statistics_pages.name_of(date(2026, 11, 1)) == "November 2026"
        assert charts.as_share(5) == "5%"
        assert charts.in_words(1234) == "1,234"
