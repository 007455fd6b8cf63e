"""What remains of a text that was typed, pasted or made to do harm."""

import random
import re
from pathlib import Path
from typing import Any

import pytest
from lxml import html

from privacy.cleaning import DEEPEST, TOO_DEEP, blocks, clean, is_safe_address, to_html
from privacy.shipped import FOLDER

HOSTILE = (Path(__file__).parent / "hostile_html.txt").read_text(encoding="utf-8").splitlines()
ALLOWED_ATTRIBUTES = {tag: set[str]() for tag in ("h2", "h3", "p", "ol", "ul", "li", "strong", "em", "br")} | {
    "a": {"href", "title"}
}
ALLOWED_ADDRESS = re.compile(r"https?://[^/\\]|mailto:.|tel:.|/(?![/\\])|#")
# As Word puts it on the clipboard, cut to one of each oddity.
WORD = """<html xmlns:o="urn:schemas-microsoft-com:office:office"><head><meta name=Generator content="Word 15">
<title>Dokuments</title><style><!-- p.MsoNormal {margin:0cm} --></style><!--[if gte mso 9]><xml><w:View>Normal</w:View>
</xml><![endif]--></head><body lang=LV><!--StartFragment-->
<h1 style='mso-margin-top-alt:auto'><a name="_Toc1"></a><span lang=LV>Jūsu\r\ntiesības<o:p></o:p></span></h1>
<p class=MsoNormal><span style='font-family:"Arial"'>Pirmais&nbsp; &nbsp;<font color=red>vārds</font>, <b>10&nbsp;MB</b>
<st1:City w:st="on">Rīgā</st1:City></span><o:p>&nbsp;</o:p></p>
<p class=MsoNormal><o:p>&nbsp;</o:p></p>
<?xml:namespace prefix = o ns = "urn:schemas-microsoft-com:office:office" /><xml><w:Zoom>0</w:Zoom></xml>
<p class=MsoListParagraphCxSpFirst style='mso-list:l0 level1 lfo1'><![if !supportLists]><span style='mso-list:Ignore'>·
<span style='font:7.0pt "Times New Roman"'>&nbsp;&nbsp;&nbsp;</span></span><![endif]>Viens<o:p></o:p></p>
<p class=MsoListParagraphCxSpLast><!--[if !supportLists]-->·&nbsp;&nbsp;&nbsp;<!--[endif]--><b>Divi</b><o:p></o:p></p>
<table class=MsoTable><tr><td><p class=MsoNormal>Rinda</p></td><td>Otra</td></tr></table>
<!--EndFragment--></body></html>"""


def tree(text: str) -> Any:
    return html.fragment_fromstring(text, create_parent="main")


def forbidden(text: str) -> list[str]:
    """Elements, attributes and addresses that a policy text may not have."""
    found = ["comment"] * text.count("<!")
    for element in tree(text).iterdescendants():
        attributes = ALLOWED_ATTRIBUTES.get(element.tag)
        if attributes is None:
            found.append(str(element.tag))
            continue
        found += sorted(set(element.keys()) - attributes)
        if element.tag == "a" and not ALLOWED_ADDRESS.match(re.sub(r"[\x00-\x20]", "", element.get("href", ""))):
            found.append(element.get("href", "a link that leads nowhere"))
    return found


@pytest.mark.parametrize("text", HOSTILE)
def test_nothing_but_what_is_allowed_remains_of_hostile_html(text: str) -> None:
    cleaned = clean(text)
    assert forbidden(cleaned) == []
    assert clean(cleaned) == cleaned


def test_the_hostile_texts_are_many_and_hostile() -> None:
    assert len(set(HOSTILE)) == len(HOSTILE) >= 200
    assert sum(bool(forbidden(text)) for text in HOSTILE) >= 0.9 * len(HOSTILE)


@pytest.mark.parametrize("text", ["<p>a\0b\x01c</p>", "<p>a&#0;&#1;b\ufeff\u200bc</p>"])
def test_characters_that_cannot_be_seen_are_removed(text: str) -> None:
    assert clean(text).replace("\ufffd", "") == "<p>abc</p>"


def test_half_a_character_does_not_stop_the_cleaning() -> None:
    assert clean("<p>\ud800</p>") == "<p>?</p>"


@pytest.mark.parametrize("number", ["1", "2"])
def test_the_shipped_texts_are_clean_already(number: str) -> None:
    text = (FOLDER / number / "lv.html").read_text(encoding="utf-8")
    assert clean(text) + "\n" == text


@pytest.mark.parametrize(
    ("text", "cleaned"),
    [
        ("<b>a</b> <i>b</i>", "<p><strong>a</strong> <em>b</em></p>"),
        ("<h1>a</h1><h4>b</h4><h5>c</h5><h6>d</h6>", "<h2>a</h2>\n<h3>b</h3>\n<h3>c</h3>\n<h3>d</h3>"),
        ("a<br>b<br /><br/>c<br>", "<p>a<br>b<br><br>c</p>"),
        ("<div>a</div><div>b</div>", "<p>a</p>\n<p>b</p>"),
        ("<p>a</p><p></p><p>&nbsp;<br></p><ul><li> </li></ul><ol></ol>", "<p>a</p>"),
        ("<h2></h2><h3><b> </b></h3>", "<h2></h2>\n<h3></h3>"),
        ("<h2>a<p>b</p></h2><h1><div>c</div>d</h1>", "<h2>a b</h2>\n<h2>c d</h2>"),
        ("<script>a</script><style>b</style><textarea>c</textarea>d", "<p>d</p>"),
        ("<em><strong>a</strong></em><strong><em>b</em></strong>", "<p><strong><em>ab</em></strong></p>"),
        ("<strong>a<strong>b</strong></strong>", "<p><strong>ab</strong></p>"),
        ("<p> a <b> b </b>c</p>", "<p>a <strong>b</strong> c</p>"),
        ("<p>10&nbsp;MB a&nbsp; b&nbsp;&nbsp;c</p>", "<p>10\xa0MB a b c</p>"),
        ("<p>1 &lt; 2 &amp; \"3\" 'a'</p>", "<p>1 &lt; 2 &amp; \"3\" 'a'</p>"),
        ("<p>a\u0304</p>", "<p>ā</p>"),
        ("</p></ul></b></li>a", "<p>a</p>"),
        ("", ""),
    ],
)
def test_what_an_editor_may_type_has_one_form(text: str, cleaned: str) -> None:
    assert clean(text) == cleaned


@pytest.mark.parametrize(
    ("text", "cleaned"),
    [
        ("<ul><li><p>a</p></li></ul>", "<ul>\n<li>a</li>\n</ul>"),
        ("<ul><li><p>a</p><p>b</p></li></ul>", "<ul>\n<li><p>a</p>\n<p>b</p></li>\n</ul>"),
        ("<ul><li>a<p>b</p></li></ul>", "<ul>\n<li><p>a</p>\n<p>b</p></li>\n</ul>"),
        ("<ol><li>a<ul><li>b</li></ul></li></ol>", "<ol>\n<li>a\n<ul>\n<li>b</li>\n</ul></li>\n</ol>"),
        ("<ol><li>a</li><ul><li>b</li></ul></ol>", "<ol>\n<li>a\n<ul>\n<li>b</li>\n</ul></li>\n</ol>"),
        ("<ol><ul><li>b</li></ul></ol>", "<ol>\n<li><ul>\n<li>b</li>\n</ul></li>\n</ol>"),
        ("<ul>a<li>b</li></ul>", "<ul>\n<li>a</li>\n<li>b</li>\n</ul>"),
        ("<li>a</li><li>b</li>", "<p>a</p>\n<p>b</p>"),
        ("<ul><li><h3>a</h3>b</li></ul>", "<ul>\n<li><h3>a</h3>\n<p>b</p></li>\n</ul>"),
    ],
)
def test_lists_have_items_and_nothing_else(text: str, cleaned: str) -> None:
    assert clean(text) == cleaned


@pytest.mark.parametrize(
    "link",
    [
        '<a href="https://example.org/a?b=c&amp;d=e#f">a</a>',
        '<a href="HTTP://example.org">a</a>',
        '<a href="mailto:info@ossnet.lv" title="E-pasts">a</a>',
        '<a href="tel:+37166100800">a</a>',
        '<a href="/sikdatnes/">a</a>',
        '<a href="#tiesibas">a <strong>b</strong></a>',
    ],
)
def test_a_link_that_may_stay_stays_as_it_is(link: str) -> None:
    assert clean(f"<p>{link}</p>") == f"<p>{link}</p>"


def test_a_link_that_may_not_stay_leaves_its_words() -> None:
    assert clean('<a href="javascript:x">a</a> <a name="x">b</a> <a href="//x.lv">c</a>') == "<p>a b c</p>"
    assert clean('<a href=" /x " title=" y ">a</a>') == '<p><a href="/x" title="y">a</a></p>'


@pytest.mark.parametrize("address", ["/", "#", "/a b", "https://a", "mailto:a@b", "tel:1", " /x\n"])
def test_an_address_is_safe(address: str) -> None:
    assert is_safe_address(address)


@pytest.mark.parametrize(
    "address", ["", " ", "//a", "/\\a", "/\t/a", "https:a", "https://", "tel:", "a/b", "data:,", "x:1"]
)
def test_an_address_is_not_safe(address: str) -> None:
    assert not is_safe_address(address)


@pytest.mark.parametrize("field", ["{{ company.email }}", "{{company.email}}", "{{&nbsp;company.email&nbsp; }}"])
def test_a_merge_field_survives(field: str) -> None:
    assert clean(f"<p>a {field} b</p>") == "<p>a {{ company.email }} b</p>"


def test_a_merge_field_leaves_the_attributes_of_a_link() -> None:
    assert clean('<a href="/x" title="{{ company.email }}">a</a>') == '<p><a href="/x">a</a></p>'
    assert clean('<a href="/{{ company.email }}">a</a>') == "<p>a</p>"


def test_a_page_pasted_from_word_is_clean_text() -> None:
    assert clean(WORD).split("\n") == [
        "<h2>Jūsu tiesības</h2>",
        "<p>Pirmais vārds, <strong>10\xa0MB</strong> Rīgā</p>",
        "<ul>",
        "<li>Viens</li>",
        "<li><strong>Divi</strong></li>",
        "</ul>",
        "<p>Rinda</p>",
        "<p>Otra</p>",
    ]


@pytest.mark.parametrize(
    ("labels", "tag"),
    [("·o§", "ul"), (["1.", "2."], "ol"), (["1)", "2)"], "ol"), (["2.", "3."], ""), (["1.", "a."], "")],
)
def test_paragraphs_that_word_calls_a_list_become_one_when_their_labels_are_plain(labels: list[str], tag: str) -> None:
    text = clean("".join(f"<p class=MsoListParagraph>{label}&nbsp;&nbsp; Vārds</p>" for label in labels) + "Cits")
    rest = (
        [f"<{tag}>", *["<li>Vārds</li>"] * len(labels), f"</{tag}>"] if tag else [f"<p>{x} Vārds</p>" for x in labels]
    )
    assert text.split("\n") == [*rest, "<p>Cits</p>"]


def test_elements_that_mean_nothing_and_ends_without_a_beginning_change_nothing() -> None:
    text = "<ul><li>a <span>b</span></p></ul><p>c</p>"
    assert to_html(blocks(text)) == "<ul>\n<li>a b</li>\n</ul>\n<p>c</p>"


def test_a_label_of_word_without_words_stays_a_paragraph() -> None:
    assert clean("<p class=MsoListParagraph>·&nbsp;&nbsp;</p>") == "<p>·</p>"


@pytest.mark.parametrize("opening", ["<ul><li>", "<div>", "<h2><b>", "<blockquote>", "<table><tr><td>"])
def test_elements_inside_each_other_without_end_cost_no_time_and_no_words(opening: str) -> None:
    assert clean(opening * TOO_DEEP * 20 + "a") in ("<p>a</p>", "<p><strong>a</strong></p>")


def test_closed_elements_are_no_depth() -> None:
    assert clean("<div>a</div>" * (TOO_DEEP + 1)).count("\n") == TOO_DEEP


def test_a_list_too_deep_inside_others_loses_the_list_and_keeps_the_words() -> None:
    text = clean("<ul><li>a" * DEEPEST)
    assert text.count("<ul>") == DEEPEST // 2
    assert text.count("a") == DEEPEST
    assert clean(text) == text


def test_what_is_clean_stays_as_it_is_however_it_was_made() -> None:
    scraps = [f"<{end}{tag}>" for tag in (*ALLOWED_ATTRIBUTES, "div", "table", "td") for end in ("", "/")] + [
        *[
            '<a href="/x">',
            "<br>",
            "&nbsp;",
            " ",
            "\n",
            "a",
            "b",
            "·",
            "\u0304",
            "\u2003",
            "\x85",
            "{{",
            "}}",
            "{{ a }}",
        ],
        *["<p class=MsoListParagraph>·&nbsp; ", "<p class=MsoListParagraph>1.&nbsp; ", "&lt;", "<!--", "-->", "<svg>"],
    ]
    source = random.Random(1)  # noqa: S311 - the same texts each time
    for _ in range(2000):
        text = "".join(source.choices(scraps, k=12))
        cleaned = clean(text)
        assert clean(cleaned) == cleaned, text
        assert forbidden(cleaned) == [], text
