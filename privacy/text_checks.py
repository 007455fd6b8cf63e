"""What an editor must put right in a policy text before it can be kept."""

import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from html import escape, unescape
from itertools import groupby, islice
from typing import NamedTuple
from unicodedata import category

from django.utils.translation import gettext as _
from lxml import etree

from privacy.cleaning import HEADINGS, MERGE_FIELD, Block, blocks, clean, is_safe_address
from privacy.rendering import BLOCK_FIELDS, LINK_FIELDS

LARGEST = 500 * 1024  # bytes in UTF-8
MOST_OF_A_KIND = 20  # more would only lengthen the page; the rest is told when these are put right
AROUND = 40  # characters quoted on either side of a place
WINDOW = 200  # characters looked at on either side, of which some are tags
QUOTED = 80  # characters quoted of a heading, a link or an address
CONTROLS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff\ufffe\uffff]")
# They let a text show other words, or another order of words, than it has.
DIRECTION_MARKS = re.compile("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")
# Stands where formatting begins or ends, or the line breaks: a field cut by it is none, although it looks like one.
SEAM = "\ufdd0"
BROKEN_FIELD = re.compile(rf"\{{{SEAM}*\{{(?:[^{{}}]{{0,80}}\}}{SEAM}*\}})?|\}}{SEAM}*\}}")
TEMPLATE_TAG = re.compile(rf"\{{{SEAM}*%")
IN_BRACES = re.compile(r"\{[{%]")
TAG_OR_PART_OF_ONE = re.compile(r"^[^<>]*>|<[^<>]*(?:>|$)")
PARAGRAPHS = ("p", "li", "h1", "h2", "h3", "h4", "h5", "h6", "td", "div", "body")


def problems(html: str, known_fields: Collection[str]) -> list[str]:
    """What is wrong with a text as it was sent in, before it is cleaned, each with its place. Empty when all is well.

    ``known_fields`` are the names that may stand in a merge field.
    """
    size = len(html.encode(errors="surrogatepass"))
    if size > LARGEST:
        facts = {"size": -(-size // 1024), "limit": LARGEST // 1024}
        return [_("The text has %(size)s KB; at most %(limit)s KB are allowed.") % facts]
    text = _Text(html, list(_leaves(blocks(clean(html)))), known_fields)
    return [problem for check in CHECKS for problem in dict.fromkeys(islice(check(text), MOST_OF_A_KIND))]


def problems_of_words(words: str) -> list[str]:
    """What is wrong with a title or a summary: words without markup, merge fields or invisible characters."""
    return problems(f"<p>{escape(words)}</p>", ()) if words else []


class _Text(NamedTuple):
    raw: str
    leaves: list[Block]  # headings and paragraphs as they will be kept
    known_fields: Collection[str]


def _emptiness(text: _Text) -> Iterator[str]:
    if not any(_seen(_words_of(leaf)) for leaf in text.leaves):
        yield _("The text has no words.")


def _controls(text: _Text) -> Iterator[str]:
    for match in CONTROLS.finditer(text.raw):
        facts = {"code": f"U+{ord(match[0]):04X}", "place": _around(text.raw, match, in_html=True)}
        yield _("The control character %(code)s near “%(place)s” does not belong in a text. Remove it.") % facts


def _direction_marks(text: _Text) -> Iterator[str]:
    shown = unescape(text.raw)
    for match in DIRECTION_MARKS.finditer(shown):
        facts = {"code": f"U+{ord(match[0]):04X}", "place": _around(shown, match, in_html=True)}
        yield (
            _("The invisible character %(code)s near “%(place)s” changes the direction of writing. Remove it.") % facts
        )


def _merge_fields(text: _Text) -> Iterator[str]:
    for leaf in text.leaves:
        words = SEAM.join(
            "".join(piece.text for piece in same_marks).replace("\n", SEAM)
            for _marks, same_marks in groupby(leaf.pieces, key=lambda piece: piece.marks)
        )
        for match in MERGE_FIELD.finditer(words):
            facts = {"field": match[1], "place": _around(words, match)}
            if match[1] not in text.known_fields:
                yield _("There is no merge field “%(field)s”; it stands in “%(place)s”.") % facts
            elif match[1] in BLOCK_FIELDS and (leaf.tag != "p" or match[0] != words):
                yield _("The merge field “%(field)s” needs a paragraph of its own; it stands in “%(place)s”.") % facts
        for piece in leaf.pieces:
            for match in MERGE_FIELD.finditer(piece.text):
                if match[1] in LINK_FIELDS and any(mark.tag == "a" for mark in piece.marks):
                    facts = {"field": match[1], "place": _around(piece.text, match)}
                    yield _("The merge field “%(field)s” is a link and cannot stand in one: “%(place)s”.") % facts
        rest = MERGE_FIELD.sub(lambda match: " " * len(match[0]), words)  # as long as the words, for the places
        for match in BROKEN_FIELD.finditer(rest):
            facts = {"place": _around(words, match)}
            yield _("A merge field is broken: “%(place)s”. It must be {{ name }}, without formatting inside.") % facts
        for match in TEMPLATE_TAG.finditer(rest):
            facts = {"place": _around(words, match)}
            yield _("There is a template tag in “%(place)s”. A text can have merge fields only.") % facts


def _repeats(text: _Text) -> Iterator[str]:
    """Each is pages long; a text full of them would keep the site busy for minutes."""
    named = Counter(field for leaf in text.leaves for field in MERGE_FIELD.findall(_words_of(leaf)))
    for field in sorted(BLOCK_FIELDS):
        if named[field] > 1:
            yield _("The merge field “%(field)s” stands in the text more than once.") % {"field": field}


def _links(text: _Text) -> Iterator[str]:
    parser = etree.HTMLParser(encoding="utf-8", huge_tree=True)
    tree = etree.fromstring(f"<body>{text.raw}".encode(errors="replace"), parser)
    for link in tree.iter("a"):
        if (address := link.get("href")) is None:
            continue  # a place to be linked to; it is dropped
        facts = {"address": _quoted(address), "words": _quoted("".join(link.itertext()))}
        if IN_BRACES.search(address + link.get("title", "")):
            yield (
                _("A merge field or template tag cannot stand in the address or title of the link “%(words)s”.") % facts
            )
        elif not is_safe_address(address):
            yield (
                _(
                    "The link “%(words)s” leads to “%(address)s”. "
                    "Allowed are https, http, mailto and tel addresses, and paths of this site that begin with / or #."
                )
                % facts
            )
        if not facts["words"]:
            paragraph = next(link.iterancestors(*PARAGRAPHS), tree)
            facts["place"] = _quoted("".join(paragraph.itertext()))
            yield _("The link to “%(address)s” has no words; it stands in “%(place)s”.") % facts


def _headings(text: _Text) -> Iterator[str]:
    all_words = [_seen(_words_of(leaf)) for leaf in text.leaves]
    if not any(all_words):
        return
    headings_above: set[str] = set()
    words_above: set[str] = set()
    for number, (leaf, words) in enumerate(zip(text.leaves, all_words, strict=True)):
        if leaf.tag not in HEADINGS:
            continue
        headings_above.add(leaf.tag)
        facts = {"heading": _quoted(words)}
        if not words:
            place = next(filter(None, (*all_words[number:], *reversed(all_words[:number]))))
            yield _("A heading near “%(place)s” is empty.") % {"place": _quoted(place)}
            continue
        same = words.casefold().rstrip(" .:;")
        if same in words_above:
            yield _("The heading “%(heading)s” occurs more than once.") % facts
        if "h2" not in headings_above:
            yield _("There is no heading above the subheading “%(heading)s”.") % facts
        words_above.add(same)


CHECKS = (_emptiness, _controls, _direction_marks, _merge_fields, _repeats, _links, _headings)


def _leaves(found: Iterable[Block]) -> Iterator[Block]:
    for block in found:
        if block.children:
            yield from _leaves(block.children)
        else:
            yield block


def _around(text: str, match: re.Match[str], *, in_html: bool = False) -> str:
    """The words before and behind a place of ``text``, and what stands there unless it cannot be seen."""
    start, end = match.span()
    before, after = text[max(start - WINDOW, 0) : start], text[end : end + WINDOW]
    if in_html:
        before, after = TAG_OR_PART_OF_ONE.sub(" ", before), TAG_OR_PART_OF_ONE.sub(" ", after)
    return _visible(f"{before[-AROUND:]}{text[start:end]}{after[:AROUND]}")


def _quoted(words: str) -> str:
    visible = _visible(words)
    return visible if len(visible) <= QUOTED else f"{visible[:QUOTED]}…"


def _words_of(leaf: Block) -> str:
    return "".join(piece.text for piece in leaf.pieces)


def _seen(words: str) -> str:
    """What a reader sees of the words: soft hyphens and other characters without a shape are not there."""
    return _visible("".join(character for character in words if category(character) != "Cf"))


def _visible(words: str) -> str:
    return " ".join(DIRECTION_MARKS.sub("", CONTROLS.sub(" ", words.replace(SEAM, ""))).split())
