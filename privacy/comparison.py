"""What changed between two policy texts, word by word, shown in the new text."""

import re
from bisect import bisect
from collections import Counter, defaultdict
from collections.abc import Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from functools import lru_cache
from itertools import chain, pairwise, product
from typing import NamedTuple

from django.utils.safestring import SafeString, mark_safe

from privacy.cleaning import HEADINGS, LISTS, Block, Mark, Piece, blocks, inline_html, joined, start_tag, to_html

INSERTED, DELETED = Mark("ins"), Mark("del")
LINK_CHANGE = Mark("span", (("class", "link-change"),))
LINE_BREAK = "↵"  # shows a line break that came or went
# A word with what stands inside it (e-pasts, info@ossnet.lv, 2026.11.23), a line break, or one other character.
TOKEN = re.compile(r"(\w+(?:[-'’.@/:&]{1,3}\w+)*|\n+|[^\w\s])([^\S\n]?)")
ALIKE = 0.5  # share of common words from which a paragraph counts as the same one, changed
LISTS_ALIKE = 0.2  # lists are compared item by item, so that a looser likeness will do
WORDS_OF_A_MOVE = 3  # the same heading or item of one or two words elsewhere is no move
SHORT_RUN = 2  # words and signs that stayed between two changes but are shown as changed, for easier reading
MOST_EQUAL_PAIRS = 20_000  # of words; difflib's work grows with these
MOST_EQUAL_PAIRS_OF_TWO = 200_000  # of two words together; beyond, all is shown as replaced
MOST_BLOCK_PAIRS = 2_500  # beyond this only blocks with two rare words together are tried against each other
RARE = 3  # blocks that have the two words
Pair = tuple[int, int]  # places in the old and the new text
Run = tuple[int, int, int]  # such a pair, and how many from there on are the same


@dataclass(frozen=True)
class Comparison:
    """The new text with ``ins`` and ``del``, and how many places each marks.

    Whole blocks have the class "inserted" or "removed", and "moved" too when the same words stand elsewhere. A removed
    heading is a paragraph of the class "removed-heading", so that the headings are those of the new text. What a link
    led to and leads to stands behind its words in a ``span`` of the class "link-change". In a numbered list with
    removed items each item has the number of its own text.
    """

    html: SafeString
    insertions: int
    deletions: int

    @property
    def identical(self) -> bool:
        """Whether a reader would find no difference."""
        return not self.insertions and not self.deletions


@lru_cache(maxsize=16)
def compare(old_html: str, new_html: str) -> Comparison:
    """Compare two texts whose merge fields are filled in. Only elements a policy text may use get into the result.

    Remembered, as it costs much and anybody may ask for it.
    """
    writer = _Writer()
    writer.children(blocks(old_html), blocks(new_html))
    writer.mark_moves()
    html = mark_safe("".join(writer.parts))  # noqa: S308 - made of escaped words and known elements only
    return Comparison(html, writer.counts[INSERTED], writer.counts[DELETED])


class _Token(NamedTuple):
    text: str
    styles: tuple[Mark, ...]
    link: Mark | None
    space: str  # the white space behind it


def _tokens(pieces: Iterable[Piece]) -> list[_Token]:
    found: list[_Token] = []
    for text, marks in pieces:
        link = next((mark for mark in marks if mark.tag == "a"), None)
        styles = tuple(mark for mark in marks if mark != link)
        if text.isspace() and "\n" not in text:
            found[-1] = found[-1]._replace(space=text)
        found += [_Token(token, styles, link, space) for token, space in TOKEN.findall(text)]
    return found


class _Writer:
    """Writes blocks side by side, and counts."""

    def __init__(self) -> None:
        self.parts: list[str] = []
        self.counts: Counter[Mark] = Counter()
        # Where in parts the start tag of each whole inserted or removed paragraph is, by its words.
        self._whole: dict[Mark, dict[str, list[int]]] = {INSERTED: defaultdict(list), DELETED: defaultdict(list)}

    def children(self, old: list[Block], new: list[Block], *, numbered: bool = False) -> None:
        pairs = list(_block_pairs(old, new))
        renumber = numbered and any(after is None for _before, after in pairs)
        old_number = new_number = 0
        for before, after in pairs:
            old_number, new_number = old_number + (before is not None), new_number + (after is not None)
            number = [("value", str(new_number if after else old_number))] if renumber else []
            if before and after:
                self._both(before, after, number)
            else:
                for block, mark in ((before, DELETED), (after, INSERTED)):
                    if block:
                        self._one(block, mark, number)

    def mark_moves(self) -> None:
        inserted, removed = self._whole.values()
        for words in inserted.keys() & removed.keys():
            for at in (*inserted[words], *removed[words]):
                self.parts[at] = self.parts[at].replace(' class="', ' class="moved ', 1)

    def _both(self, old: Block, new: Block, number: list[tuple[str, str]]) -> None:
        self.parts.append(start_tag(new.tag, number) if new.tag else "")
        if old.children or new.children:
            self.children(old.children, new.children, numbered=new.tag == "ol")
        elif old.pieces == new.pieces:
            self.parts.append(inline_html(new.pieces))
        else:
            changed = _ChangedWords(_tokens(old.pieces), _tokens(new.pieces))
            self.parts.append(inline_html(joined(changed.pieces)))
            self.counts.update(changed.counts)
        self.parts.append(f"</{new.tag}>\n" if new.tag else "\n")

    def _one(self, block: Block, mark: Mark, number: list[tuple[str, str]], at: int | None = None) -> None:
        """``at`` is where the start tag of an item is, for its words that have none of their own."""
        tag, classes = block.tag, "inserted" if mark == INSERTED else "removed"
        if mark == DELETED and tag in HEADINGS:
            tag, classes = "p", "removed removed-heading"
        if tag:
            at = len(self.parts)
            self.parts.append(start_tag(tag, [*number, ("class", classes)]))
        for child in block.children:
            self._one(child, mark, [], at)
        if not block.children:
            if at is not None and len(_words(block)) >= WORDS_OF_A_MOVE:
                self._whole[mark][inline_html(block.pieces)].append(at)
            self.parts.append(inline_html(Piece(text, (mark, *marks)) for text, marks in block.pieces))
            self.counts[mark] += 1
        self.parts.append(f"</{tag}>\n" if tag else "\n")


class _ChangedWords:
    """The words of one paragraph, in ``pieces``, with the changed ones marked and counted."""

    def __init__(self, old: list[_Token], new: list[_Token]) -> None:
        self.pieces: list[Piece] = []
        self.counts: Counter[Mark] = Counter()
        self._link: tuple[Mark | None, Mark | None] = (None, None)  # of the unchanged words last written
        keys = ([(token.text, token.styles) for token in side] for side in (old, new))  # links are compared apart
        runs = _readable(old, new, _equal_runs(*keys))
        self._kept_links = {token.link for _i, j, length in runs for token in new[j : j + length]}
        i = j = 0
        bounds = [*runs, (len(old), len(new), 0)]
        for (i_equal, j_equal, length), (i_next, _j, _length) in pairwise([*bounds, bounds[-1]]):
            deleted, inserted = old[i:i_equal], new[j:j_equal]
            if deleted and inserted:
                apart = inserted[0].text[0].isalnum() or (j and new[j - 1].space)
                deleted[-1] = deleted[-1]._replace(space=" " if apart else "")
            self._changed(deleted, DELETED)
            self._changed(inserted, INSERTED)
            i, j = i_equal + length, j_equal + length
            stayed = new[j_equal:j]
            if stayed and i_next > i:  # a deletion follows, and brings its own distance
                stayed[-1] = stayed[-1]._replace(space=old[i - 1].space)
            self._unchanged(old[i_equal:i], stayed)
        self._tell_change_of_link()

    def _unchanged(self, old: list[_Token], new: list[_Token]) -> None:
        for before, after in zip(old, new, strict=True):
            if (before.link, after.link) != self._link:
                self._tell_change_of_link()
                self._link = (before.link, after.link)
            self._write(after, after.text, (after.link, *after.styles))

    def _changed(self, tokens: list[_Token], mark: Mark) -> None:
        self.counts[mark] += bool(tokens)
        for token in tokens:
            if token.link != self._link[mark == INSERTED]:
                self._tell_change_of_link()
            # Inside a link that stays one link; otherwise around it, so that the change stays one change.
            outer = (link, mark) if (link := self._link[1] or token.link) in self._kept_links else (mark, link)
            line_break = token.text.isspace()
            self._write(token, LINE_BREAK if line_break else token.text, (*outer, *token.styles))
            if line_break:
                self.pieces.append(Piece(token.text if mark == INSERTED else " "))

    def _write(self, token: _Token, text: str, marks: Iterable[Mark | None]) -> None:
        self.pieces.append(Piece(text + token.space, tuple(mark for mark in marks if mark)))

    def _tell_change_of_link(self) -> None:
        """Behind the words of a link that leads elsewhere now, or is new or gone, say what it led and leads to."""
        before, after = (dict(link.attributes) if link else {} for link in self._link)
        self._link = (None, None)
        for name in ("href", "title"):
            if before.get(name) != after.get(name):
                text, marks = self.pieces.pop()
                words = text.rstrip()
                sides = [(side[name], mark) for side, mark in ((before, DELETED), (after, INSERTED)) if name in side]
                told = [Piece(value, (LINK_CHANGE, mark)) for value, mark in sides]
                self.counts.update(mark for _value, mark in sides)
                told[1:1] = [Piece(" ")] * (len(told) - 1)
                bracket, end = (Piece(sign, (LINK_CHANGE,)) for sign in "()")
                self.pieces += [Piece(words, marks), Piece(" "), bracket, *told, end, Piece(text[len(words) :])]


def _words(block: Block) -> list[str]:
    words = [token.text for token in _tokens(block.pieces) if token.text[0].isalnum()]
    return [*words, *chain(*map(_words, block.children))]


def _block_pairs(old: list[Block], new: list[Block]) -> Iterator[tuple[Block | None, Block | None]]:
    """The blocks of both in reading order: the same or alike ones together, a removed one before an inserted one."""
    pairs: list[Pair] = []
    i = j = 0
    for i_equal, j_equal, length in [*_equal_runs(_keys(old), _keys(new)), (len(old), len(new), 0)]:
        pairs += ((i + x, j + y) for x, y in _alike(old[i:i_equal], new[j:j_equal]))
        pairs += ((i_equal + offset, j_equal + offset) for offset in range(length))
        i, j = i_equal + length, j_equal + length
    for (i, j), (i_pair, j_pair) in pairwise([(-1, -1), *pairs, (len(old), len(new))]):
        yield from ((block, None) for block in old[i + 1 : i_pair])
        yield from ((None, block) for block in new[j + 1 : j_pair])
        yield from zip(old[i_pair : i_pair + 1], new[j_pair : j_pair + 1], strict=True)


def _keys(found: list[Block]) -> list[str]:
    return [f"{block.tag or 'p'} {to_html(block.children)} {inline_html(block.pieces)}" for block in found]


def _alike(old: list[Block], new: list[Block]) -> list[Pair]:
    """Places of blocks of the same kind with mostly the same words, the likest first, none across another."""
    old_words, new_words = [_words(block) for block in old], [_words(block) for block in new]
    old_bags, new_bags = [Counter(words) for words in old_words], [Counter(words) for words in new_words]
    tried = set(product(range(len(old)), range(len(new)))) if len(old) * len(new) <= MOST_BLOCK_PAIRS else set()
    if not tried:
        old_places, new_places = _places_of_two_words(old_words), _places_of_two_words(new_words)
        for two in old_places.keys() & new_places.keys():
            if max(len(old_places[two]), len(new_places[two])) <= RARE:
                tried.update(product(old_places[two], new_places[two]))
    scored = []
    for i, j in tried:
        likeness = 2 * (old_bags[i] & new_bags[j]).total() / max(len(old_words[i]) + len(new_words[j]), 1)
        if (old[i].tag or "p") == (new[j].tag or "p") and likeness >= (LISTS_ALIKE if old[i].tag in LISTS else ALIKE):
            scored.append((-likeness, abs(i - j), i, j))
    pairs: list[Pair] = []
    for _likeness, _distance, i, j in sorted(scored):
        at = bisect(pairs, (i, j))
        x, y = pairs[at - 1] if at else (-1, -1)
        x_next, y_next = pairs[at] if at < len(pairs) else (len(old), len(new))
        if x < i < x_next and y < j < y_next:
            pairs.insert(at, (i, j))
    return pairs


def _places_of_two_words(words_of_blocks: list[list[str]]) -> dict[tuple[str, str], list[int]]:
    places: dict[tuple[str, str], list[int]] = defaultdict(list)
    for place, words in enumerate(words_of_blocks):
        for two in set(pairwise(words)):
            places[two].append(place)
    return places


def _equal_runs(old: Sequence[Hashable], new: Sequence[Hashable]) -> list[Run]:
    """Where the same stands in both, in order. Bounded in time: what is too repetitive counts as different."""
    start = next((n for n, (x, y) in enumerate(zip(old, new, strict=False)) if x != y), min(len(old), len(new)))
    ends = zip(reversed(old[start:]), reversed(new[start:]), strict=False)
    end = next((n for n, (x, y) in enumerate(ends) if x != y), min(len(old), len(new)) - start)
    old, new, end_run = old[start : len(old) - end], new[start : len(new) - end], (len(old) - end, len(new) - end, end)
    found: list[Run] = []
    if _equal_pairs(old, new) <= MOST_EQUAL_PAIRS:
        found += SequenceMatcher(None, old, new, autojunk=False).get_matching_blocks()
    elif _equal_pairs(old_twos := list(pairwise(old)), new_twos := list(pairwise(new))) <= MOST_EQUAL_PAIRS_OF_TWO:
        *anchors, _end = SequenceMatcher(None, old_twos, new_twos, autojunk=False).get_matching_blocks()
        i = j = 0
        for i_anchor, j_anchor, length in [*anchors, (len(old), len(new), 0)] if anchors else []:
            between = _equal_runs(old[i:i_anchor], new[j:j_anchor])
            found += [*((i + x, j + y, n) for x, y, n in between), (i_anchor, j_anchor, length)]
            i, j = i_anchor + length, j_anchor + length
    return [run for run in [(0, 0, start), *((start + i, start + j, n) for i, j, n in found), end_run] if run[2]]


def _equal_pairs(old: Sequence[Hashable], new: Sequence[Hashable]) -> int:
    new_counts = Counter(new)
    return sum(count * new_counts[key] for key, count in Counter(old).items())


def _readable(old: list[_Token], new: list[_Token], runs: list[Run]) -> list[Run]:
    """Without the runs of a word or two between longer changes, which would make a patchwork."""
    kept: list[Run] = []
    i = j = 0
    for (i_equal, j_equal, length), (i_next, j_next, _) in pairwise([*runs, (len(old), len(new), 0)]):
        i_end, j_end = i_equal + length, j_equal + length
        before = max(_letters(old[i:i_equal]), _letters(new[j:j_equal]))
        after = max(_letters(old[i_end:i_next]), _letters(new[j_end:j_next]))
        same = new[j_equal:j_end]
        if len(same) > SHORT_RUN or _letters(same) > min(before, after):
            kept.append((i_equal, j_equal, length))
            i, j = i_end, j_end
    return kept


def _letters(tokens: list[_Token]) -> int:
    return sum(len(token.text) for token in tokens)
