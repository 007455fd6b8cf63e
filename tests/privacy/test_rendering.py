"""Merge fields and structure."""

import pytest

from privacy.rendering import Heading, fill_in, render


def test_a_merge_field_is_replaced_by_its_value() -> None:
    assert render("<p>{{ company.name }}</p>", "lv", None).html == "<p>SIA OSS Networks</p>"


@pytest.mark.parametrize("text", ["{% load x %}", "{{ settings.SECRET_KEY|safe }}", "{{ Company }}", "{# x #}", "{{}}"])
def test_nothing_but_a_merge_field_has_a_meaning(text: str) -> None:
    assert fill_in(text, {}, "lv") == text


def test_a_field_that_the_site_dropped_stays_and_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    assert render("<p>{{ company.fax }}</p>", "lv", None).html == "<p>{{ company.fax }}</p>"
    assert "company.fax" in caplog.text


def test_a_draft_names_its_missing_date_in_its_own_language() -> None:
    assert "effective date" in render("<p>{{ effective_date }}</p>", "en", None).html
    assert "spēkā stāšanās datums" in render("<p>{{ effective_date }}</p>", "lv", None).html


def test_a_heading_never_takes_the_address_of_a_part_of_the_page() -> None:
    assert [heading.fragment for heading in render("<h2>Content</h2>", "en", None).contents] == ["content-2"]


def test_headings_with_the_same_words_have_addresses_of_their_own() -> None:
    rendered = render("<h2>Jūsu tiesības</h2><h3>(1) Jūsu tiesības;</h3><h2>Jūsu tiesības</h2><h2>?</h2>", "lv", None)
    assert rendered.contents == (
        Heading(2, "Jūsu tiesības", "jusu-tiesibas"),
        Heading(3, "Jūsu tiesības", "jusu-tiesibas-2"),
        Heading(2, "Jūsu tiesības", "jusu-tiesibas-3"),
        Heading(2, "", "section"),
    )


def test_only_links_that_leave_the_site_are_marked() -> None:
    rendered = render('<p><a href="/kontakti/">a</a> <a href="https://example.org/">b</a> <a>c</a></p>', "lv", None)
    assert rendered.html.count("rel=") == 1
    assert '<a href="https://example.org/" rel="external noopener noreferrer">b</a>' in rendered.html


def test_a_stored_text_is_cleaned_again_before_it_is_shown() -> None:
    stored = '<p onclick="x()">a<script>b</script> <a href="javascript:x" title="{{ company.email }}">c</a></p>'
    assert render(stored, "lv", None).html == "<p>a c</p>"


def test_the_value_of_a_field_is_asked_for_once() -> None:
    asked: list[str] = []
    assert fill_in("{{ a }}{{ a }}", {"a": lambda language: asked.append(language) or "x"}, "lv") == "xx"  # type: ignore[func-returns-value]
    assert asked == ["lv"]


def test_a_heading_can_be_a_link_to_itself_without_a_word_more() -> None:
    rendered = render("<h2>Jūsu <em>tiesības</em>!</h2>", "lv", None, permanent_links=True)
    assert rendered.html == '<h2 id="jusu-tiesibas"><a href="#jusu-tiesibas">Jūsu <em>tiesības</em>!</a></h2>'


def test_a_heading_that_leads_elsewhere_is_no_link_to_itself() -> None:
    body = '<h2>Sk. <a href="/kontakti/">kontaktus</a></h2>'
    assert render(body, "lv", None, permanent_links=True) == render(body, "lv", None)


def test_what_is_compared_has_no_permanent_links() -> None:
    assert "<a" not in render("<h2>Jūsu tiesības</h2>", "lv", None).html
