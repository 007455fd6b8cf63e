"""What an editor is told of a text that cannot be kept, and where it is."""

from collections.abc import Iterator

import pytest
from django.utils.translation import override

from privacy.shipped import FOLDER
from privacy.text_checks import LARGEST, MOST_OF_A_KIND, problems, problems_of_words

FIELDS = {"company.name", "company.email"}


@pytest.fixture(autouse=True)
def _in_english() -> Iterator[None]:
    with override("en"):
        yield


def told(html: str) -> list[str]:
    return problems(html, FIELDS)


def test_the_published_text_has_no_problems() -> None:
    assert told((FOLDER / "1" / "lv.html").read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(
    "html",
    [
        "<h2>A</h2><h3>B</h3><p>{{ company.name }}, {{company.email}}, {{&nbsp;company.email }}</p>",
        '<h2>A</h2><p><a href="https://example.org/">a</a> <a href="/b">{{ company.name }}</a> <a name="c"></a></p>',
        "<p>[[reģistrācijas numurs]] {a} 100 % {b %</p>",
        "<p>Rinda\r\n\tun rinda</p>",
        "<p><b>{{</b> <b>company.name }}</b></p>",
    ],
)
def test_a_text_in_order_has_no_problems(html: str) -> None:
    assert told(html) == []


@pytest.mark.parametrize(
    "html", ["", " \n", "<p>&shy;</p>", "<p>&nbsp;</p><h2></h2>", "<ul><li></li></ul>", "<script>a</script>"]
)
def test_a_text_without_words_is_one_problem(html: str) -> None:
    assert told(html) == ["The text has no words."]


def test_a_text_may_be_as_large_as_the_limit_and_no_byte_larger() -> None:
    assert told("ā" * (LARGEST // 2)) == []
    assert told("ā" * (LARGEST // 2) + "a") == ["The text has 501 KB; at most 500 KB are allowed."]
    assert told("a" * (3 * LARGEST)) == ["The text has 1500 KB; at most 500 KB are allowed."]


def test_an_unknown_merge_field_is_named_with_the_words_around_it() -> None:
    assert told("<p>Rakstiet uz {{ company.fax }} vai {{ company.email }}.</p>") == [
        "There is no merge field “company.fax”; it stands in “Rakstiet uz {{ company.fax }} vai {{ company.email }}.”."
    ]


def test_a_field_of_tables_needs_a_paragraph_of_its_own() -> None:
    known = {"cookie_declaration", "cookie_settings"}
    assert problems("<p>{{ cookie_declaration }}</p><p>{{ cookie_settings }}!</p>", known) == []
    for html in ("<h2>{{ cookie_declaration }}</h2>", "<p>Sk. {{ cookie_declaration }}</p>"):
        (problem,) = problems(html, known)
        assert problem.startswith("The merge field “cookie_declaration” needs a paragraph of its own")
    assert problems('<p><a href="/x">a {{ cookie_settings }}</a></p>', known) == [
        "The merge field “cookie_settings” is a link and cannot stand in one: “a {{ cookie_settings }}”."
    ]


def test_words_that_nobody_sees_make_no_heading() -> None:
    assert told("<h2>&shy;</h2><p>Vārdi</p>") == ["A heading near “Vārdi” is empty."]
    assert told("<h2>A</h2><h2>a.</h2><p>b</p>") == ["The heading “a.” occurs more than once."]


def test_only_the_words_near_a_place_are_quoted() -> None:
    (problem,) = told(f"<p>{'a ' * 100}{{{{ fax }}}}{' b' * 100}</p>")
    assert problem.endswith(f"“{('a ' * 20).strip()} {{{{ fax }}}}{' b' * 20}”.")


@pytest.mark.parametrize(
    ("html", "place"),
    [
        ("<p>a {{ company.name b</p>", "a {{ company.name b"),
        ("<p>a company.name }} b</p>", "a company.name }} b"),
        ("<p>a {{ Company }} b</p>", "a {{ Company }} b"),
        ("<p>a {{ company name }} b</p>", "a {{ company name }} b"),
        ("<p>a {{}} b</p>", "a {{}} b"),
        ("<p>a {{ company.<b>name</b> }} b</p>", "a {{ company.name }} b"),
        ("<p>a {<b>{ company.name }}</b> b</p>", "a {{ company.name }} b"),
        ("<p>a {{<br>company.name }} b</p>", "a {{company.name }} b"),
        ("<p>{{ company.name }} &#123;&#123; b</p>", "{{ company.name }} {{ b"),
    ],
)
def test_a_broken_merge_field_is_quoted(html: str, place: str) -> None:
    assert told(html) == [f"A merge field is broken: “{place}”. It must be {{{{ name }}}}, without formatting inside."]


@pytest.mark.parametrize("html", ["<p>a {% if b %}</p>", "<p>a {<b>% if b %}</b></p>", "<p>a &#123;&#37; if b %}</p>"])
def test_a_template_tag_is_quoted(html: str) -> None:
    assert told(html) == ["There is a template tag in “a {% if b %}”. A text can have merge fields only."]


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("javascript:alert(1)", "javascript:alert(1)"),
        ("java&#10;script:alert(1)", "java script:alert(1)"),
        ("data:text/html,a", "data:text/html,a"),
        ("//example.org/", "//example.org/"),
        ("ftp://example.org", "ftp://example.org"),
        ("example.org", "example.org"),
        ("", ""),
    ],
)
def test_a_link_that_may_not_stay_is_quoted_as_it_was_sent(address: str, shown: str) -> None:
    assert told(f'<p>Lasiet <a href="{address}">tos <b>še</b></a>!</p>') == [
        f"The link “tos še” leads to “{shown}”. "
        "Allowed are https, http, mailto and tel addresses, and paths of this site that begin with / or #."
    ]


def test_a_long_address_is_cut() -> None:
    (problem,) = told(f'<p><a href="x:{"y" * 500}">a</a></p>')
    assert f"“x:{'y' * 78}…”" in problem


@pytest.mark.parametrize("inside", ["", "&nbsp;", "<img src=x>", "<!-- a -->"])
def test_a_link_without_words_is_told_with_its_address_and_paragraph(inside: str) -> None:
    assert told(f'<p>Cits</p><p>Lasiet <a href="/a">{inside}</a> še.</p>') == [
        "The link to “/a” has no words; it stands in “Lasiet še.”."
    ]


@pytest.mark.parametrize("attribute", ['href="/{{ company.name }}"', 'href="/" title="{{ x"', 'href="{% x %}"'])
def test_a_merge_field_in_an_attribute_is_a_problem(attribute: str) -> None:
    assert told(f"<p><a {attribute}>še</a></p>") == [
        "A merge field or template tag cannot stand in the address or title of the link “še”."
    ]


@pytest.mark.parametrize(
    ("html", "place"),
    [
        ("<p>a</p><h2></h2><p>b</p><p>c</p>", "b"),
        ("<p>a</p><p>b</p><h2> </h2>", "b"),
        ("<h2><b>&nbsp;</b></h2><ul><li>a</li></ul>", "a"),
        ("<h1></h1>a", "a"),
    ],
)
def test_an_empty_heading_is_told_with_what_follows_or_else_comes_before(html: str, place: str) -> None:
    assert told(html) == [f"A heading near “{place}” is empty."]


def test_a_subheading_before_any_heading_is_quoted() -> None:
    assert told("<h3>a</h3><h4>b</h4><h2>c</h2><h3>d</h3>") == [
        "There is no heading above the subheading “a”.",
        "There is no heading above the subheading “b”.",
    ]
    assert told("<h1>a</h1><h4>b</h4>") == []


def test_a_heading_that_occurs_again_is_quoted() -> None:
    assert told("<h2>Jūsu  tiesības</h2><h2>Cits</h2><h3>jūsu <b>tiesības</b></h3>") == [
        "The heading “jūsu tiesības” occurs more than once."
    ]
    same_beginning = "a" * 100
    assert told(f"<h2>{same_beginning}b</h2><h2>{same_beginning}c</h2>") == []


@pytest.mark.parametrize("character", [*"\0\x01\x08\x0b\x0c\x0e\x1f\x7f\x80\x9f\ud800"])
def test_a_control_character_is_named_with_the_words_around_it(character: str) -> None:
    assert told(f"<p>Jūsu <b>ties{character}ības</b></p>") == [
        f"The control character U+{ord(character):04X} near “Jūsu ties ības” does not belong in a text. Remove it."
    ]


@pytest.mark.parametrize("character", [*"\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"])
def test_a_direction_mark_is_named_however_it_is_written(character: str) -> None:
    expected = [
        f"The invisible character U+{ord(character):04X} near “Jūsu tiesības” changes the direction of writing. "
        "Remove it."
    ]
    assert told(f"<p>Jūsu <b>ties{character}ības</b></p>") == expected
    assert told(f"<p>Jūsu <b>ties&#{ord(character)};ības</b></p>") == expected
    assert told(f'<p class="{character}">Jūsu tiesības</p>') == expected


def test_of_one_kind_only_the_first_are_told_and_other_kinds_still_are() -> None:
    found = told("".join(f"<p>{{{{ a{'b' * number} }}}}</p>" for number in range(100)) + "\0" * 50 + "<h3>a</h3>")
    assert len(found) == 2 * MOST_OF_A_KIND + 1


def test_every_kind_of_problem_is_told_at_once() -> None:
    found = told('<h3>a</h3><h2></h2><p>\0\u202e{{ x }} {{ {%<a href="x:">b</a><a href="/"></a></p>')
    assert len(found) == 9


def test_a_field_that_becomes_tables_stands_in_a_text_once() -> None:
    (problem,) = problems("<p>{{ cookie_declaration }}</p>" * 3, {"cookie_declaration"})
    assert problem == "The merge field “cookie_declaration” stands in the text more than once."


@pytest.mark.parametrize("character", ["\ufffe", "\uffff", "\x0b", "\x01"])
def test_a_character_that_no_xml_can_hold_is_refused(character: str) -> None:
    (problem,) = problems(f"<p>a{character}b</p>", ())
    assert f"U+{ord(character):04X}" in problem
    assert problems_of_words(f"a{character}b")
