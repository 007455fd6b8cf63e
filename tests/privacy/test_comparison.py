"""What a reader is shown of the changes between two texts."""

import random
import re
import time
from typing import Any

import pytest
from lxml import etree

from privacy.cleaning import clean
from privacy.comparison import Comparison, compare
from privacy.shipped import FOLDER

POLICY = (FOLDER / "1" / "lv.html").read_text(encoding="utf-8")
TEXT_INSIDE = {"p", "h2", "h3", "li", "a", "span"}


def tree(compared: Comparison) -> Any:
    """The result read as XML, so that one tag without its end would be an error."""
    return etree.fromstring(f"<main>{compared.html.replace('<br>', '<br/>')}</main>")


def words(html: str) -> str:
    return "".join(etree.fromstring(f"<main>{clean(html).replace('<br>', '<br/>')}</main>").itertext()).replace(" ", "")


def read_without(compared: Comparison, mark: str) -> str:
    """The words of one of the two texts again."""
    root = tree(compared)
    etree.strip_elements(root, mark, with_tail=False)
    for note in root.xpath("//span[@class='link-change']"):
        note.clear(keep_tail=True)
    return re.sub(r"[\s↵]", "", "".join(root.itertext()))


def assert_sound(compared: Comparison, old: str, new: str) -> None:
    root = tree(compared)
    assert {change.getparent().tag for change in root.iter("ins", "del")} <= TEXT_INSIDE
    assert {item.tag for item in root.xpath("//ul/* | //ol/*")} <= {"li"}
    assert not root.xpath("//ul/text()[normalize-space()] | //ol/text()[normalize-space()]")
    assert not root.xpath("//@id")
    assert read_without(compared, "del") == re.sub(r"\s", "", words(new))
    assert read_without(compared, "ins") == re.sub(r"\s", "", words(old))


def changed(old: str, new: str) -> str:
    assert old in POLICY
    return POLICY.replace(old, new, 1)


PARAGRAPH = next(line + "\n" for line in POLICY.splitlines() if line.startswith("<p>Dažkārt"))
ITEM = next(line + "\n" for line in POLICY.splitlines() if line.startswith("<li>Mēs apstrādājam informāciju"))
HOTJAR = "https://www.hotjar.com/legal/policies/privacy/"
EDITS = {
    "a word": (changed("un cienīt", "un ievērot"), 1, 1, "aizsargāt un <del>cienīt</del> <ins>ievērot</ins> jūsu"),
    "a sign": (changed("privātumu. Lūdzu,", "privātumu! Lūdzu,"), 1, 1, "privātumu<del>.</del><ins>!</ins> Lūdzu,"),
    "a comma": (changed("Dažkārt mēs", "Dažkārt, mēs"), 1, 0, "<p>Dažkārt<ins>,</ins> mēs nevaram"),
    "no comma": (changed("Lūdzu, rūpīgi", "Lūdzu rūpīgi"), 0, 1, "Lūdzu<del>,</del> rūpīgi"),
    "a sentence": (changed("vēsturi. Šie", "vēsturi. Jā. Šie"), 1, 0, "vēsturi. <ins>Jā.</ins> Šie dati"),
    "a patchwork": (
        changed("apņemas aizsargāt un cienīt", "nolemj glabāt un ievērot"),
        *(1, 1, "<del>apņemas aizsargāt un cienīt</del> <ins>nolemj glabāt un ievērot</ins> jūsu"),
    ),
    "a moved paragraph": (
        changed(PARAGRAPH, "").replace("<h2>Izmaiņas", PARAGRAPH + "<h2>Izmaiņas"),
        *(1, 1, '<p class="moved inserted"><ins>Dažkārt'),
    ),
    "a heading": (
        changed("<h2>Kā mēs izmantojam Jūsu informāciju", "<h2>Kā mēs lietojam Jūsu informāciju"),
        *(1, 1, "<h2>Kā mēs <del>izmantojam</del> <ins>lietojam</ins> Jūsu informāciju</h2>"),
    ),
    "another heading": (
        changed("<h2>Kā mēs izmantojam Jūsu informāciju", "<h2>Dati"),
        *(1, 1, '<p class="removed removed-heading"><del>Kā mēs izmantojam Jūsu informāciju</del></p>\n<h2 class="ins'),
    ),
    "a list item": (
        changed("<li>Jūsu tiesības;</li>", "<li>Jūsu tiesības;</li><li>Jūsu pienākumi;</li>"),
        *(1, 0, '<li class="inserted"><ins>Jūsu pienākumi;</ins>'),
    ),
    "a removed list item": (changed("<li>Jūsu tiesības;</li>\n", ""), 0, 1, '<li class="removed"><del>Jūsu tiesības;'),
    "an address": (
        changed(HOTJAR, "https://www.hotjar.com/new"),
        *(
            1,
            1,
            f'šeit</a> <span class="link-change">(<del>{HOTJAR}</del> <ins>https://www.hotjar.com/new</ins>)</span>.',
        ),
    ),
    "a title": (
        changed('title="Hotjar privātuma politika"', 'title="Hotjar"'),
        *(1, 1, '<span class="link-change">(<del>Hotjar privātuma politika</del> <ins>Hotjar</ins>)</span>.'),
    ),
    "an address and a title": (
        changed(f'{HOTJAR}" title="Hotjar privātuma politika"', '/h" title="H"'),
        *(2, 2, "<ins>/h</ins>) (<del>Hotjar privātuma politika</del> <ins>H</ins>)</span>."),
    ),
    "a link that is gone": (
        re.sub(r"<a [^>]*>Safari</a>", "Safari", POLICY),
        *(0, 1, 'un Safari <span class="link-change">(<del>https://support.apple.com/'),
    ),
    "a new link": (
        changed("Dažkārt", '<a href="/k">Dažkārt</a>'),
        *(1, 0, '<a href="/k">Dažkārt</a> <span class="link-change">(<ins>/k</ins>)</span> mēs'),
    ),
    "a word in a link": (changed(">Firefox<", ">Mozilla Firefox<"), 1, 0, 'firefox"><ins>Mozilla</ins> Firefox</a>'),
    "a link with other words": (
        changed(">Firefox<", ">Opera<"),
        *(
            1,
            1,
            '>Firefox</a></del> <ins><a href="https://support.mozilla.org/kb/clear-cookies-and-site-data-firefox">Opera',
        ),
    ),
    "bold words": (changed("Dažkārt", "<strong>Dažkārt</strong>"), 1, 1, "<del>Dažkārt</del> <ins><strong>Dažkārt</"),
    "a line break": (changed("Dažkārt mēs", "Dažkārt<br>mēs"), 1, 0, "Dažkārt<ins>↵</ins><br>mēs"),
    "a list of another kind": (
        changed("<ul>", "<ol>").replace("</ul>", "</ol>", 1),
        8,
        8,
        '<ol class="inserted"><li class="',
    ),
    "everything": (
        "<p>Cits</p>",
        1,
        len(re.findall("<(?:p|li|h2|h3)>", POLICY)),
        '<p class="inserted"><ins>Cits</ins>',
    ),
}


@pytest.mark.parametrize(("new", "insertions", "deletions", "shown"), EDITS.values(), ids=EDITS.keys())
def test_an_edit_is_shown_where_it_is(new: str, insertions: int, deletions: int, shown: str) -> None:
    compared = compare(POLICY, new)
    assert shown in compared.html
    assert (compared.insertions, compared.deletions) == (insertions, deletions)
    assert not compared.identical
    assert_sound(compared, POLICY, new)
    back = compare(new, POLICY)
    assert (back.insertions, back.deletions) == (deletions, insertions)
    assert_sound(back, new, POLICY)


@pytest.mark.parametrize(
    "same",
    [
        POLICY,
        POLICY.replace("<li>", "<li><p>").replace("</li>", "</p></li>"),
        POLICY.replace("\n", ""),
        POLICY.replace("Dažkārt mēs", "Dažkārt&nbsp;mēs"),
        POLICY.replace("Dažkārt mēs", "Dažkārt  <span>mēs</span>"),
        POLICY.replace("ā", "a\u0304"),
    ],
)
def test_texts_that_read_the_same_are_identical(same: str) -> None:
    for compared in (compare(POLICY, same), compare(same, POLICY)):
        assert compared.identical
        assert (compared.insertions, compared.deletions) == (0, 0)
        assert "<ins" not in compared.html
        assert "<del" not in compared.html
        assert_sound(compared, POLICY, same)


def test_nothing_compared_with_nothing_is_nothing() -> None:
    assert compare("", "") == Comparison(html=compare("", "").html, insertions=0, deletions=0)
    assert compare("", "").html == ""
    assert compare("", "<h2></h2>").html == '<h2 class="inserted"></h2>\n'


def test_each_item_keeps_the_number_it_has_in_its_own_text() -> None:
    compared = compare("<ol><li>a a</li><li>b b</li><li>c c</li></ol>", "<ol><li>a a</li><li>c c</li><li>d d</li></ol>")
    items = [(item.get("value"), item.get("class")) for item in tree(compared).iter("li")]
    assert items == [("1", None), ("2", "removed"), ("2", None), ("3", "inserted")]
    assert "value" not in compare("<ol><li>a</li></ol>", "<ol><li>a</li><li>b</li></ol>").html
    assert "value" not in compare("<ul><li>a a</li><li>b</li></ul>", "<ul><li>a a</li></ul>").html


def test_items_inside_items_are_compared_item_by_item() -> None:
    old = "<ul><li>Viens divi trīs<ol><li>četri pieci</li><li>seši</li></ol></li></ul>"
    new = "<ul><li>Viens divi trīs<ol><li>četri pieci</li><li>septiņi</li></ol></li></ul>"
    compared = compare(old, new)
    assert (compared.insertions, compared.deletions) == (1, 1)
    assert_sound(compared, old, new)
    without_words = old.replace("Viens divi trīs", "")
    assert (compare(old, without_words).deletions, compare(old, without_words).insertions) == (1, 0)
    assert_sound(compare(old, without_words), old, without_words)


def test_a_moved_item_is_marked_at_both_places_and_a_short_one_is_not() -> None:
    items = ["<li>Viens divi trīs</li>", "<li>Četri pieci seši</li>", "<li>Jā</li>"]
    compared = compare(f"<ul>{''.join(items)}</ul>", f"<ul>{''.join(reversed(items))}</ul>")
    classes = sorted(item.get("class", "") for item in tree(compared).iter("li"))
    assert classes == ["", "inserted", "moved inserted", "moved removed", "removed"]


def test_other_elements_attributes_and_addresses_do_not_get_through() -> None:
    hostile = '<p id="x" onclick="x">a <a href="javascript:x">b</a> <img src=x onerror=x> &lt;script&gt;</p><script>c'
    for compared in (compare("", hostile), compare(hostile, ""), compare("<p>a d</p>", hostile)):
        assert set(re.findall(r"<(\w+)", compared.html)) <= {"p", "ins", "del"}
        assert "=" not in compared.html.replace('class="', "")
        assert "&lt;script&gt;" in compared.html


def test_any_two_texts_can_be_read_back_from_their_comparison() -> None:
    source = random.Random(1)  # noqa: S311 - the same texts each time
    vocabulary = [
        "viens",
        "divi",
        "un",
        ",",
        ".",
        '<a href="/x">šeit</a>',
        '<a href="/y">šeit</a>',
        "<em>ļoti</em>",
        "<br>",
    ]
    for _ in range(300):
        old, new = ("".join(_block(source, vocabulary) for _ in range(source.randint(0, 7))) for _ in "on")
        assert_sound(compare(old, new), old, new)


def _block(source: random.Random, vocabulary: list[str]) -> str:
    text = " ".join(source.choices(vocabulary, k=source.randint(1, 9)))
    return source.choice(
        ["<p>{}</p>", "<h2>{}</h2>", "<ul><li>{}</li><li>x</li></ul>", "<ol><li>y</li><li>{}</li></ol>"]
    ).format(text)


def large_text(source: random.Random, paragraphs: int) -> list[str]:
    vocabulary = re.findall(r"\w+", POLICY)
    return [f"<p>{' '.join(source.choices(vocabulary, k=40))}.</p>" for _ in range(paragraphs)]


def test_large_texts_with_a_change_in_every_paragraph_are_compared_word_by_word_and_in_time() -> None:
    old = large_text(random.Random(1), 350)  # noqa: S311
    new = [text.replace(" ", " jauns ", 1) for text in old]
    assert 100_000 < len("".join(old).encode()) < 120_000
    start = time.process_time()
    compared = compare("".join(old), "".join(new))
    assert time.process_time() - start < 2
    assert (compared.insertions, compared.deletions) == (350, 0)


def test_one_large_paragraph_is_compared_word_by_word() -> None:
    old = " ".join(re.sub("<.*?>", "", text) for text in large_text(random.Random(2), 350))  # noqa: S311
    compared = compare(f"<p>{old}</p>", f"<p>{old.replace('. ', '. Tad ')}</p>")
    assert (compared.insertions, compared.deletions) == (349, 0)


@pytest.mark.parametrize("paragraphs", [1, 400])
def test_what_is_too_repetitive_is_shown_as_replaced_and_in_time(paragraphs: int) -> None:
    source = random.Random(3)  # noqa: S311
    old, new = (
        "".join(f"<p>{' '.join(source.choices('ab', k=20_000 // paragraphs))}</p>" for _ in range(paragraphs))
        for _ in "on"
    )
    start = time.process_time()
    compared = compare(old, new)
    assert time.process_time() - start < 2
    assert compared.insertions <= paragraphs
    assert_sound(compared, old, new)
