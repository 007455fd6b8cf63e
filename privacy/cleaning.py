"""From whatever an editor typed or pasted to the few elements that a policy text may use, and such a text as data."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from html import escape
from html.parser import HTMLParser
from itertools import groupby, takewhile
from typing import NamedTuple
from unicodedata import normalize

import nh3

MERGE_FIELD = re.compile(r"\{\{\s*([a-z_.]+)\s*\}\}")
RENAMED = {"b": "strong", "i": "em", "h1": "h2", "h4": "h3", "h5": "h3", "h6": "h3"}
LISTS = {"ol", "ul"}
HEADINGS = {"h2", "h3"}
INLINE = ("a", "strong", "em")  # in the order in which they nest, the outermost first
# What these enclose stands apart from its surroundings; they themselves are dropped.
_BREAKS = (
    "address article aside blockquote caption center dd details div dl dt fieldset figcaption figure footer form "
    "header hr legend main nav pre section summary table tbody td tfoot th thead tr"
)
# The words of these are no words of the text.
_WORDLESS = (
    "applet audio canvas head iframe math noembed noframes noscript object script select style svg template textarea "
    "title video xml"
)
SEPARATORS = set(_BREAKS.split())
DEEPEST = 12  # lists and their items inside each other; no document needs more, and it bounds every recursion
TOO_DEEP = 1000  # elements of one kind inside each other; the time the parser needs grows with the square
TAG = re.compile(r"<(/?)([a-zA-Z][^\s/<>]*)")
MAY_STAY_OPEN = {"p", "li", "br", "hr", "img", "td", "th", "tr", "dt", "dd", "b", "i", "strong", "em", "a"}
SAFE_ADDRESS = re.compile(r"(?i)(?:https?://(?=[^/\\?#])|mailto:(?=.)|tel:(?=.)|/(?![/\\])|#)[^\x00-\x1f\x7f\\]*")
# The last two are no characters at all: no XML can hold them, and neither can the feed or the archive.
INVISIBLE = re.compile("[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\u200b\ufeff\ufffe\uffff]")
WHITE_SPACE_OF_HTML = re.compile(r"[ \t\n\v\f\r]+")
MUCH_SPACE = re.compile(r"\s{2,}")
WORD_LIST = re.compile(r"\bMsoList")
BULLETS = set("·•o§▪-–\uf0b7\uf0a7\uf0d8")  # the last three are Word's symbol font


class Mark(NamedTuple):
    """An element around words: its tag and its attributes with their values."""

    tag: str
    attributes: tuple[tuple[str, str], ...] = ()


class Piece(NamedTuple):
    r"""Words in the same elements, or the white space between such; "\n" is a line break (``br``)."""

    text: str
    marks: tuple[Mark, ...] = ()


@dataclass
class Block:
    """A heading, a paragraph, a list or an item. ``tag`` is "" for words that stand in an item without a paragraph."""

    tag: str
    pieces: list[Piece] = field(default_factory=list)
    children: list["Block"] = field(default_factory=list)
    from_word_list: bool = False


def clean(html: str) -> str:
    """The text with nothing but allowed elements, one block a line. Anything goes in; clean text comes out unchanged.

    A link with an address that is not allowed loses the link and keeps its words. An empty heading stays, so that the
    checks can complain of it.
    """
    if _is_nested_too_deep(html):
        html = TAG.sub("<p", html)
    harmless = _CLEANER.clean(html.encode(errors="replace").decode())
    return MERGE_FIELD.sub(r"{{ \1 }}", to_html(_with_lists_of_word(blocks(harmless))))


def is_safe_address(address: str) -> bool:
    """Whether a link may lead there: https, http, mailto, tel, or a path or fragment of this site."""
    return SAFE_ADDRESS.fullmatch(address.strip()) is not None


def blocks(html: str) -> list[Block]:
    """A text as data, in the one form that texts with the same content share, whatever is in it."""
    builder = _Builder()
    builder.feed(html)
    builder.close()
    return _tidy(builder.root.children)


def to_html(found: Iterable[Block]) -> str:
    """The HTML of blocks, one a line."""
    return "\n".join(_block_html(block) for block in found)


def inline_html(pieces: Iterable[Piece]) -> str:
    """The HTML of pieces: neighbours share the elements that both are in."""
    parts: list[str] = []
    open_marks: list[Mark] = []
    for text, marks in [*pieces, Piece("")]:
        while tuple(open_marks) != marks[: len(open_marks)]:
            parts.append(f"</{open_marks.pop().tag}>")
        for mark in marks[len(open_marks) :]:
            parts.append(start_tag(*mark))
            open_marks.append(mark)
        parts.append(escape(text, quote=False).replace("\n", "<br>"))
    return "".join(parts)


def start_tag(tag: str, attributes: Iterable[tuple[str, str]] = ()) -> str:
    """The start tag, its attributes escaped."""
    listed = "".join(f' {name}="{escape(value)}"' for name, value in attributes)
    return f"<{tag}{listed}>"


def joined(pieces: Iterable[Piece]) -> list[Piece]:
    """The pieces with white space in the one form it has between words, and none at either end.

    White space is in the elements that both its neighbours are in. A no-break space on its own stays one.
    """
    parts: list[Piece] = []
    for marks, group in groupby(pieces, key=lambda piece: piece.marks):
        text = normalize("NFC", "".join(piece.text for piece in group))
        words = text.strip()
        start = text.find(words) if words else len(text)
        for part in (text[:start], words, text[start + len(words) :]):
            if part.isspace() and parts and parts[-1].text.isspace():
                parts[-1] = Piece(parts[-1].text + part)
            elif part:
                parts.append(Piece(MUCH_SPACE.sub(_one_space, part), marks))
    parts = parts[bool(parts and parts[0].text.isspace()) :]
    parts = parts[: len(parts) - bool(parts and parts[-1].text.isspace())]
    for index, (text, _marks) in enumerate(parts):
        if text.isspace():
            before, after = parts[index - 1].marks, parts[index + 1].marks
            same = takewhile(lambda pair: pair[0] == pair[1], zip(before, after, strict=False))
            parts[index] = Piece(MUCH_SPACE.sub(_one_space, text), tuple(mark for mark, _mark in same))
    return parts


def _one_space(match: re.Match[str]) -> str:
    return "\n" * match[0].count("\n") or " "


def _is_nested_too_deep(html: str) -> bool:
    depth: Counter[str] = Counter()
    for match in TAG.finditer(html):
        tag = match[2].lower()
        depth[tag] = max(0, depth[tag] + (-1 if match[1] else 1))
        if depth[tag] > TOO_DEEP and tag not in MAY_STAY_OPEN:
            return True
    return False


_CLEANER = nh3.Cleaner(
    tags={*LISTS, *HEADINGS, *INLINE, "p", "li", "br", *RENAMED, *SEPARATORS},
    clean_content_tags=set(_WORDLESS.split()),
    attributes={"a": {"href", "title"}, "p": {"class"}},  # the class tells a list of Word; it goes no further
    link_rel=None,
    url_schemes={"https", "http", "mailto", "tel"},
    url_relative="pass_through",
)


class _Builder(HTMLParser):
    """Puts words into blocks, whatever the elements around them."""

    def __init__(self) -> None:
        super().__init__()
        self.root = Block("")
        self._containers = [self.root]
        self._open: list[tuple[str, int]] = []  # tag of each open block element, and the containers around it
        self._marks: dict[str, list[Mark | None]] = {tag: [] for tag in INLINE}
        self._leaf: Block | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        tag, attributes = RENAMED.get(tag, tag), {name: value or "" for name, value in attrs}
        if tag in INLINE:
            self._marks[tag].append(_mark(tag, attributes))
        elif tag == "br":
            self._add(Piece("\n", self._current_marks()))
        elif tag in SEPARATORS or (tag == "p" and self._leaf_tag() in HEADINGS):
            self._break()
        elif tag in LISTS or tag == "li":
            self._leaf = None
            self._open.append((tag, len(self._containers)))
            self._enter(tag)
        elif tag in HEADINGS or tag == "p":
            self._open.append((tag, len(self._containers)))
            self._leaf = None
            from_word_list = WORD_LIST.search(attributes.get("class", "")) is not None
            if from_word_list or tag in HEADINGS:  # an empty heading is kept, an empty paragraph never begins
                self._new_leaf().from_word_list = from_word_list

    def handle_endtag(self, tag: str) -> None:
        tag = RENAMED.get(tag, tag)
        if tag in INLINE:
            del self._marks[tag][-1:]
        elif tag in SEPARATORS:
            self._break()
        elif any(tag == opened for opened, _containers in self._open):
            self._leaf = None
            while (opened := self._open.pop())[0] != tag:
                pass
            del self._containers[opened[1] :]

    def handle_data(self, data: str) -> None:
        shown = WHITE_SPACE_OF_HTML.sub(" ", INVISIBLE.sub("", data))
        if self._leaf or not shown.isspace():
            self._add(Piece(shown, self._current_marks()))

    def _add(self, piece: Piece) -> None:
        (self._leaf or self._new_leaf()).pieces.append(piece)

    def _break(self) -> None:
        if self._leaf_tag() in HEADINGS:  # which are one paragraph
            self._add(Piece(" "))
        else:
            self._leaf = None

    def _current_marks(self) -> tuple[Mark, ...]:
        return tuple(mark for tag in INLINE for mark in self._marks[tag][-1:] if mark)

    def _leaf_tag(self) -> str:
        return self._open[-1][0] if self._open and self._open[-1][0] in {*HEADINGS, "p"} else ""

    def _new_leaf(self) -> Block:
        container = self._containers[-1]
        if container.tag in LISTS:
            container.children.append(Block("li"))
            container = container.children[-1]
        self._leaf = Block(self._leaf_tag())
        container.children.append(self._leaf)
        return self._leaf

    def _enter(self, tag: str) -> None:
        """Put a list or an item in its place, unless it has none: an item of no list, a list too deep inside."""
        parent = self._containers[-1]
        if parent.tag in LISTS if tag == "li" else len(self._containers) <= DEEPEST:
            if tag in LISTS and parent.tag in LISTS:
                parent.children.extend([] if parent.children else [Block("li")])
                parent = parent.children[-1]
            parent.children.append(Block(tag))
            self._containers.append(parent.children[-1])


def _mark(tag: str, attributes: dict[str, str]) -> Mark | None:
    """The element with the attributes it may have; None for a link that leads nowhere or where it may not."""
    if tag != "a":
        return Mark(tag)
    texts = {name: normalize("NFC", INVISIBLE.sub("", attributes.get(name, "")).strip()) for name in ("href", "title")}
    # A merge field's value is HTML, which an attribute cannot hold.
    kept = tuple((name, text) for name, text in texts.items() if text and "{{" not in text)
    return Mark(tag, kept) if is_safe_address(dict(kept).get("href", "")) else None


def _tidy(found: list[Block], inside: str = "") -> list[Block]:
    """Without what is empty, except headings; the words of an item are a paragraph only beside other paragraphs."""
    kept: list[Block] = []
    for block in found:
        block.pieces = joined(block.pieces)
        block.children = _tidy(block.children, block.tag)
        if block.pieces or block.children or block.tag in HEADINGS:
            kept.append(block)
    paragraphs = [block for block in kept if block.tag in {"", "p"}]
    alone = inside == "li" and paragraphs == kept[:1]
    for block in paragraphs:
        block.tag = "" if alone else "p"
    return kept


def _block_html(block: Block) -> str:
    words = to_html(block.children) if block.children else inline_html(block.pieces)
    if block.tag in LISTS:
        words = f"\n{words}\n"
    return f"<{block.tag}>{words}</{block.tag}>" if block.tag else words


def _with_lists_of_word(found: list[Block]) -> Iterator[Block]:
    """Word writes lists as paragraphs with the mark or number as words; make lists of those that are plainly so."""
    for from_word_list, group in groupby(found, key=lambda block: block.from_word_list):
        run = list(group)
        if from_word_list:
            labels, items = zip(*(_label_and_words(block) for block in run), strict=True)
            numbers = range(1, len(run) + 1)
            numbered = labels in (tuple(f"{n}." for n in numbers), tuple(f"{n})" for n in numbers))
            tag = "ul" if set(labels) <= BULLETS else "ol" if numbered else ""
            if tag and all(items):
                run = [Block(tag, children=[Block("li", children=[Block("", words)]) for words in items])]
        yield from run


def _label_and_words(paragraph: Block) -> tuple[str, list[Piece]]:
    (text, marks), *others = paragraph.pieces
    label = text.split()[0]
    return label, joined([Piece(text.removeprefix(label), marks), *others])
