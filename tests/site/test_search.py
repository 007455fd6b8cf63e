"""What search engines are told."""

import pytest
from django.test import Client
from lxml import etree

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


def test_settings_and_receipts_ask_not_to_be_indexed(visitor: Client) -> None:
    for address in ("/sikdatnes/", "/en/cookies/", "/sikdatnes/apliecinajums/"):
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
