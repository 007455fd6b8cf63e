"""What search engines are told."""

import json
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.contrib.staticfiles import finders
from django.test import Client
from lxml import etree, html

from ossnet_site.company import COMPANY

NAMES = {"s": "http://www.sitemaps.org/schemas/sitemap/0.9", "x": "http://www.w3.org/1999/xhtml"}
INDEXED = {
    *("http://testserver/", "http://testserver/kontakti/", "http://testserver/privatuma-politika/"),
    "http://testserver/privatuma-politika/versijas/",
    *("http://testserver/en/", "http://testserver/en/contacts/", "http://testserver/en/privacy-policy/"),
    "http://testserver/en/privacy-policy/versions/",
}


def site_map(client: Client) -> etree._Element:
    response = client.get("/sitemap.xml")
    assert response.headers["Content-Type"].startswith("application/xml")
    return etree.fromstring(response.content)


def test_the_site_map_names_every_page_worth_finding_in_both_languages(visitor: Client) -> None:
    tree = site_map(visitor)
    assert {str(place) for place in tree.xpath("//s:loc/text()", namespaces=NAMES)} == INDEXED
    for entry in tree.xpath("//s:url", namespaces=NAMES):
        languages = entry.xpath("x:link[@rel='alternate']/@hreflang", namespaces=NAMES)
        assert languages == ["lv", "en", "x-default"]
    dated = tree.xpath("//s:url[s:lastmod]/s:loc/text()", namespaces=NAMES)
    assert [str(place) for place in dated] == [
        "http://testserver/privatuma-politika/",
        "http://testserver/en/privacy-policy/",
    ]


def test_every_page_of_the_site_map_is_there_and_may_be_indexed(visitor: Client) -> None:
    for address in INDEXED:
        response = visitor.get(address.removeprefix("http://testserver"))
        assert response.status_code == 200
        assert "X-Robots-Tag" not in response.headers


@pytest.mark.django_db
def test_before_the_first_policy_the_site_map_has_no_date() -> None:
    assert site_map(Client()).xpath("//s:lastmod", namespaces=NAMES) == []


def test_settings_receipts_and_comparisons_ask_not_to_be_indexed(visitor: Client) -> None:
    comparison = "/privatuma-politika/versijas/1/izmainas/"
    for address in ("/sikdatnes/", "/en/cookies/", "/sikdatnes/apliecinajums/", comparison, f"{comparison}?with=1"):
        assert visitor.get(address).headers["X-Robots-Tag"] == "noindex"


@pytest.mark.django_db
def test_robots_are_kept_from_staff_pages_and_shown_the_site_map() -> None:
    response = Client().get("/robots.txt")
    assert response.headers["Content-Type"] == "text/plain; charset=utf-8"
    assert response.content.decode().splitlines() == [
        *("User-agent: *", "Disallow: /admin/", "", "Sitemap: http://testserver/sitemap.xml"),
    ]
    assert Client().put("/robots.txt").status_code == 405
    assert Client().put("/sitemap.xml").status_code == 405


def head(client: Client, address: str) -> Any:
    return html.fromstring(client.get(address).content.decode()).find("head")


def test_every_page_worth_finding_names_itself_and_its_twin(visitor: Client) -> None:
    for address in INDEXED:
        page = head(visitor, address.removeprefix("http://testserver"))
        assert page.xpath("link[@rel='canonical']/@href") == [address]
        twins = {link.get("hreflang"): link.get("href") for link in page.xpath("link[@hreflang]")}
        assert set(twins) == {"lv", "en", "x-default"}
        assert twins["en" if "/en/" in address else "lv"] == address
        assert twins["x-default"] == twins["lv"]
        assert set(twins.values()) <= INDEXED
        for twin in twins.values():
            other = head(visitor, twin.removeprefix("http://testserver"))
            assert address in other.xpath("link[@hreflang]/@href")


def test_a_query_string_makes_no_page_of_its_own(visitor: Client) -> None:
    assert head(visitor, "/kontakti/?utm_source=x").xpath("link[@rel='canonical']/@href") == [
        "http://testserver/kontakti/"
    ]


def test_the_permanent_address_of_the_version_in_force_points_at_the_policy(visitor: Client) -> None:
    page = head(visitor, "/privatuma-politika/versijas/1/")
    assert page.xpath("link[@rel='canonical']/@href") == ["http://testserver/privatuma-politika/"]


@pytest.mark.parametrize("address", ["/sikdatnes/", "/sikdatnes/apliecinajums/", "/none/"])
def test_what_is_not_to_be_found_says_nothing_of_the_kind(visitor: Client, address: str) -> None:
    assert head(visitor, address).xpath("link[@rel='canonical'] | link[@hreflang] | meta[@property]") == []


def test_every_page_has_a_description_of_its_own_that_is_shown_whole(visitor: Client) -> None:
    found = []
    for address in INDEXED:
        page = head(visitor, address.removeprefix("http://testserver"))
        (description,) = page.xpath("meta[@name='description']/@content")
        assert 50 <= len(description) <= 155, description
        assert page.xpath("meta[@property='og:description']/@content") == [description]
        found.append(description)
    assert len(set(found)) == len(found)


def test_a_shared_link_has_a_title_and_a_picture_of_ours(visitor: Client) -> None:
    for address in INDEXED:
        page = head(visitor, address.removeprefix("http://testserver"))
        shared = {
            meta.get("property").removeprefix("og:"): meta.get("content") for meta in page.xpath("meta[@property]")
        }
        assert shared["url"] == address
        assert shared["type"] == "website"
        assert shared["site_name"] == COMPANY.name
        assert page.findtext("title") == f"{shared['title']} – {COMPANY.name}"
        picture = urlsplit(shared["image"])
        assert picture.netloc == "testserver"
        with open(str(finders.find(picture.path.removeprefix("/static/"))), "rb") as file:
            beginning = file.read(24)
        assert beginning[:8] == b"\x89PNG\r\n\x1a\n"
        assert [int.from_bytes(beginning[n : n + 4], "big") for n in (16, 20)] == [1200, 630]


@pytest.mark.parametrize("address", ["/", "/kontakti/", "/en/contacts/"])
def test_machines_read_how_to_reach_the_company(visitor: Client, address: str) -> None:
    (block,) = html.fromstring(visitor.get(address).content.decode()).xpath("//script[@type='application/ld+json']")
    facts = json.loads(block.text)
    assert (facts["@context"], facts["@type"]) == ("https://schema.org", "Organization")
    assert (facts["name"], facts["email"]) == (COMPANY.name, COMPANY.email)
    assert [point["telephone"] for point in facts["contactPoint"]] == [COMPANY.office.number, COMPANY.support.number]
    hours = facts["contactPoint"][0]["hoursAvailable"]
    assert (hours["opens"], hours["closes"], len(hours["dayOfWeek"])) == ("08:30", "18:30", 5)


def test_no_fact_can_end_the_element(visitor: Client) -> None:
    object.__setattr__(COMPANY, "name", "</script><b>&")
    try:
        (block,) = html.fromstring(visitor.get("/").content.decode()).xpath("//script[@type='application/ld+json']")
    finally:
        object.__setattr__(COMPANY, "name", "SIA OSS Networks")
    assert json.loads(block.text)["name"] == "</script><b>&"


def test_programs_that_read_no_page_find_an_icon(visitor: Client) -> None:
    response = visitor.get("/favicon.ico")
    assert response.status_code == 302
    assert finders.find(response.headers["Location"].removeprefix("/static/"))
