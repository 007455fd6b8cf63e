"""The policy page against the original text."""

import re
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from lxml import html

from privacy.models import PolicyText, PolicyVersion

ORIGINAL = (Path(__file__).parent / "original.lv.txt").read_text(encoding="utf-8")
# Three links that had run together on the original page.
RUN_TOGETHER = ("ChromeFirefoxInternet Explorer", "Chrome, Firefox, Internet Explorer")


def words(text: str) -> str:
    """Without white space, bullets and numbering marks."""
    text = re.sub(r"^\s*(?:•|\(\d+\))", "", text, flags=re.MULTILINE)
    return re.sub(r"\s+", "", text)


def original_policy() -> str:
    frame, heading, rest = ORIGINAL.partition("Privātuma politika\n")
    assert "Skip to main content" in frame
    assert RUN_TOGETHER[0] in rest
    return words(heading + rest.replace(*RUN_TOGETHER))


def shown_policy(page: bytes) -> str:
    document = html.fromstring(page.decode())
    (heading,), (article,) = document.xpath("//h1"), document.xpath("//article")
    for element in article.iter("p", "li", "h2", "h3", "ul", "ol"):
        element.text = "\n" + (element.text or "")
        element.tail = "\n" + (element.tail or "")
    return words(f"{heading.text_content()}\n{article.text_content()}")


def policy_page(client: Client, address: str = "/privatuma-politika/") -> Any:
    return html.fromstring(client.get(address).content.decode())


def test_every_word_of_the_original_is_shown_in_its_order_and_nothing_else(visitor: Client) -> None:
    assert shown_policy(visitor.get("/privatuma-politika/").content) == original_policy()


@pytest.mark.parametrize(
    ("right", "wrong"),
    [("cienīt", "cienit"), ("rīcība,", "rīcībā,"), ("Hot Jar", "Hotjar"), ("(„konta dati”)", "(„konta dati“)")],
)
def test_the_comparison_notices_one_changed_letter(
    visitor: Client, guards_lifted: None, right: str, wrong: str
) -> None:
    text = PolicyText.objects.get(version__number=1)
    assert right in text.body
    PolicyText.objects.filter(pk=text.pk).update(body=text.body.replace(right, wrong, 1))
    assert shown_policy(visitor.get("/privatuma-politika/").content) != original_policy()


def test_headings_are_real_and_the_toc_leads_to_each(visitor: Client) -> None:
    page = policy_page(visitor)
    headings = page.xpath("//article//*[self::h2 or self::h3]")
    assert [heading.tag for heading in headings] == ["h2", "h2", "h2", "h3", "h3", "h2", "h2"]
    links = page.xpath("//nav[@aria-labelledby='contents-heading']//a/@href")
    assert links == [f"#{heading.get('id')}" for heading in headings]
    assert "#ka-mes-izmantojam-sikdatnes" in links
    assert page.xpath("//article//*[self::h2 or self::h3]/a/@href") == links


def test_numbered_paragraphs_are_an_ordered_list(visitor: Client) -> None:
    assert [len(ol) for ol in policy_page(visitor).xpath("//article//ol")] == [6]


def test_links_lead_where_the_original_meant_and_say_so(visitor: Client) -> None:
    links = policy_page(visitor).xpath("//article//a[starts-with(@href, 'https:')]")
    here = {link.get("href"): link.get("aria-label") for link in links if link.text_content() == "šeit"}
    assert here == {
        "https://policies.google.com/privacy?hl=lv": "šeit: Google privātuma politika",
        "https://support.google.com/analytics/answer/6004245?hl=lv": "šeit: Google Analytics un privātums",
        "https://www.facebook.com/privacy/policy/": "šeit: Facebook privātuma politika",
        "https://www.facebook.com/adpreferences/ad_settings": "šeit: Facebook reklāmas iestatījumi",
        "https://www.hotjar.com/legal/policies/privacy/": "šeit: Hotjar privātuma politika",
    }
    others = {link.text_content(): link.get("href") for link in links if link.text_content() != "šeit"}
    assert others == {
        "Google Analytics pārlūka pievienojumprogrammu": "https://tools.google.com/dlpage/gaoptout?hl=lv",
        "Chrome": "https://support.google.com/chrome/answer/95647?hl=lv",
        "Firefox": "https://support.mozilla.org/kb/clear-cookies-and-site-data-firefox",
        "Internet Explorer": "https://support.microsoft.com/lv-lv/topic/bca9446f-d873-78de-77ba-d42645fa52fc",
        "Safari": "https://support.apple.com/lv-lv/guide/safari/sfri11471/mac",
    }
    assert {link.get("rel") for link in links} == {"external noopener noreferrer"}


def test_the_company_address_in_the_text_is_a_link(visitor: Client) -> None:
    assert policy_page(visitor).xpath("//article//a[@href='mailto:info@ossnet.lv']/text()") == ["info@ossnet.lv"] * 2


def test_english_shows_the_latvian_text_and_says_so(visitor: Client) -> None:
    page = policy_page(visitor, "/en/privacy-policy/")
    assert page.get("lang") == "en"
    assert page.xpath("//article/@lang") == ["lv"]
    assert page.xpath("//nav[@aria-labelledby='contents-heading']//ul/@lang") == ["lv"]
    assert "available in Latvian only" in page.xpath("string(//main)")
    assert "available in Latvian only" not in policy_page(visitor).xpath("string(//main)")


def test_english_shows_an_english_text_when_the_version_has_one(
    visitor: Client, guards_lifted: None, policy_in_force: PolicyVersion
) -> None:
    PolicyText.objects.create(version=policy_in_force, language="en", title="Privacy policy", body="<p>Words</p>")
    page = policy_page(visitor, "/en/privacy-policy/")
    assert page.xpath("//article/@lang") == ["en"]
    assert page.xpath("//article/p/text()") == ["Words"]
    assert not page.xpath("//p[@class='notice']")


@pytest.mark.django_db
def test_before_the_first_version_the_page_is_not_found() -> None:
    response = Client().get("/privatuma-politika/")
    assert response.status_code == 404
    assert "Lapa nav atrasta" in response.content.decode()
