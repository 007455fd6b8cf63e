"""What changed between two policy texts, word by word, shown in the new text."""

import re
from bisect import bisect
from collections import Counter, defaultdict
from collections.abc import Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import pairwise, product
from typing import NamedTuple

from django.utils.safestring import SafeString, mark_safe

from privacy.cleaning import HEADINGS, LISTS, Block, Mark, Piece, blocks, inline_html, joined, start_tag, to_html

INSERTED, DELETED = Mark("ins"), Mark("del")
LINK_CHANGE = Mark("span", (("class", "link-change"),))
LINE_BREAK = "↵"  # shows a line break that came or went
# A word with what stands inside it (e-pasts, info@ossnet.lv, 2026.11.23), a line break, or one other character.
TOKEN = re.compile(r"\w+(?:[-'’.@/:&]{1,3}\w+)*|\n+|[^\w\s]")
ALIKE = 0.5  # share of common words from which a paragraph counts as the same one, changed
LISTS_ALIKE = 0.2  # lists are compared item by item, so that a looser likeness will do
WORDS_OF_A_MOVE = 3  # the same heading or item of one or two words elsewhere is no move
SHORT_RUN = 2  # words and signs that stayed between two changes but are shown as changed, for easier reading
MOST_EQUAL_PAIRS = 20_000  # difflib's work grows with these; beyond, it leaves out what is frequent
LONG = 200  # words from which difflib does so
MOST_BLOCK_PAIRS = 2_500  # beyond this only blocks that share a rare word are tried against each other
RARE = 3  # blocks that use a word

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


def compare(old_html: str, new_html: str) -> Comparison:
    """Compare two texts whose merge fields are filled in. Only elements a policy text may use get into the result."""
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

    @property
    def key(self) -> tuple[str, tuple[Mark, ...]]:
        """What makes two tokens the same; where a link leads is compared apart."""
        return self.text, self.styles


def _tokens(pieces: Iterable[Piece]) -> list[_Token]:
    found: list[_Token] = []
    for text, marks in pieces:
        if text.isspace() and "\n" not in text:
            found[-1] = found[-1]._replace(space=text)
            continue
        links = [mark for mark in marks if mark.tag == "a"]
        styles = tuple(mark for mark in marks if mark.tag != "a")
        found += [_Token(token, styles, links[0] if links else None, "") for token in TOKEN.findall(text)]
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
            elif block := before or after:
                self._one(block, INSERTED if after else DELETED, number)

    def mark_moves(self) -> None:
        inserted, removed = self._whole.values()
        for words in inserted.keys() & removed.keys():
            for at in (*inserted[words], *removed[words]):
                self.parts[at] = self.parts[at].replace(' class="', ' class="moved ', 1)

    def _both(self, old: Block, new: Block, number: list[tuple[str, str]]) -> None:
        start, end = (start_tag(new.tag, number), f"</{new.tag}>\n") if new.tag else ("", "\n")
        self.parts.append(start)
        if old.children or new.children:
            self.children(old.children, new.children, numbered=new.tag == "ol")
        else:
            changed = _ChangedWords(_tokens(old.pieces), _tokens(new.pieces))
            self.parts.append(inline_html(joined(changed.pieces)))
            self.counts.update(changed.counts)
        self.parts.append(end)

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
            if at is not None and _words(block).total() >= WORDS_OF_A_MOVE:
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
        runs = _readable(old, new, _equal_runs([token.key for token in old], [token.key for token in new]))
        self._kept_links = {token.link for _i, j, length in runs for token in new[j : j + length]}
        i = j = 0
        bounds = [*runs, (len(old), len(new), 0)]
        for (i_equal, j_equal, length), (i_next, _j, _length) in pairwise([*bounds, bounds[-1]]):
            deleted, inserted = old[i:i_equal], new[j:j_equal]
            self._changed(deleted, DELETED)
            if deleted and inserted and (inserted[0].text[0].isalnum() or (j and new[j - 1].space)):
                self.pieces.append(Piece(" "))
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
            outer = (token.link, mark) if token.link in self._kept_links else (mark, token.link)
            if token.text.isspace():
                self._write(token, LINE_BREAK, outer)
                self.pieces.append(Piece(token.text if mark == INSERTED else " "))
            else:
                self._write(token, token.text, (*outer, *token.styles))

    def _write(self, token: _Token, text: str, marks: Iterable[Mark | None]) -> None:
        self.pieces.append(Piece(text, tuple(mark for mark in marks if mark)))
        self.pieces += [Piece(token.space)] if token.space else []

    def _tell_change_of_link(self) -> None:
        """Behind the words of a link that leads elsewhere now, or is new or gone, say what it led and leads to."""
        before, after = (dict(link.attributes) if link else {} for link in self._link)
        self._link = (None, None)
        for name in ("href", "title"):
            old, new = before.get(name), after.get(name)
            if old != new:
                space = [self.pieces.pop()] if self.pieces[-1].text.isspace() else []
                told = [Piece(text, (LINK_CHANGE, mark)) for text, mark in ((old, DELETED), (new, INSERTED)) if text]
                self.counts.update(piece.marks[1] for piece in told)
                between = [Piece(" ")] if len(told) > 1 else []
                self.pieces += [Piece(" "), Piece("(", (LINK_CHANGE,)), told[0], *between, *told[1:]]
                self.pieces += [Piece(")", (LINK_CHANGE,)), *space]


def _words(block: Block) -> Counter[str]:
    words = Counter(token.text for token in _tokens(block.pieces) if token.text[0].isalnum())
    for child in block.children:
        words.update(_words(child))
    return words


def _block_pairs(old: list[Block], new: list[Block]) -> Iterator[tuple[Block | None, Block | None]]:
    """The blocks of both in reading order: the same or alike ones together, a removed one before an inserted one."""
    pairs: list[Pair] = []
    i = j = 0
    for i_equal, j_equal, length in [*_equal_runs(_keys(old), _keys(new)), (len(old), len(new), 0)]:
        pairs += ((i + x, j + y) for x, y in _alike(old[i:i_equal], new[j:j_equal]))
        pairs += ((i_equal + offset, j_equal + offset) for offset in range(length))
        i, j = i_equal + length, j_equal + length
    i = j = -1
    for i_pair, j_pair in [*pairs, (len(old), len(new))]:
        yield from ((block, None) for block in old[i + 1 : i_pair])
        yield from ((None, block) for block in new[j + 1 : j_pair])
        yield from zip(old[i_pair : i_pair + 1], new[j_pair : j_pair + 1], strict=True)
        i, j = i_pair, j_pair


def _keys(found: list[Block]) -> list[str]:
    """The same for the same blocks, also where one item has its words in a paragraph and the other has not."""
    return [f"{block.tag or 'p'} {to_html(block.children)} {inline_html(block.pieces)}" for block in found]


def _alike(old: list[Block], new: list[Block]) -> list[Pair]:
    """Places of blocks of the same kind with mostly the same words, the likest first, none across another."""
    bags = [_words(block) for block in old], [_words(block) for block in new]
    users: tuple[dict[str, list[int]], ...] = defaultdict(list), defaultdict(list)
    for bags_of_text, users_of_text in zip(bags, users, strict=True):
        for place, bag in enumerate(bags_of_text):
            for word in bag:
                users_of_text[word].append(place)
    limit = RARE if len(old) * len(new) > MOST_BLOCK_PAIRS else MOST_BLOCK_PAIRS
    tried: set[Pair] = set()
    for word in users[0].keys() & users[1].keys():
        if max(len(users[0][word]), len(users[1][word])) <= limit:
            tried.update(product(users[0][word], users[1][word]))
    scored = []
    for i, j in tried:
        likeness = 2 * (bags[0][i] & bags[1][j]).total() / (bags[0][i].total() + bags[1][j].total())
        if (old[i].tag or "p") == (new[j].tag or "p") and likeness >= (LISTS_ALIKE if old[i].tag in LISTS else ALIKE):
            scored.append((-likeness, abs(i - j), i, j))
    pairs: list[Pair] = []
    for _likeness, _distance, i, j in sorted(scored):
        at = bisect(pairs, (i, j))
        (x, y), (x_next, y_next) = [(-1, -1), *pairs, (len(old), len(new))][at : at + 2]
        if x < i < x_next and y < j < y_next:
            pairs.insert(at, (i, j))
    return pairs


def _equal_runs(old: Sequence[Hashable], new: Sequence[Hashable]) -> list[Run]:
    """Where the same stands in both, in order. Bounded in time: what is too repetitive counts as different."""
    start = next((n for n, (x, y) in enumerate(zip(old, new, strict=False)) if x != y), min(len(old), len(new)))
    ends = zip(reversed(old[start:]), reversed(new[start:]), strict=False)
    end = next((n for n, (x, y) in enumerate(ends) if x != y), min(len(old), len(new)) - start)
    old_rest, new_rest = old[start : len(old) - end], new[start : len(new) - end]
    old_counts, new_counts = Counter(old_rest), Counter(new_rest)
    pairs = {key: count * new_counts[key] for key, count in old_counts.items()}
    long = sum(pairs.values()) > MOST_EQUAL_PAIRS and len(new_rest) >= LONG
    if long:
        pairs = {key: pairs[key] for key in pairs if new_counts[key] <= len(new_rest) // 100 + 1}
    runs = [(0, 0, start)]
    if sum(pairs.values()) <= MOST_EQUAL_PAIRS * (10 if long else 1):
        matcher = SequenceMatcher(None, old_rest, new_rest, autojunk=long)
        runs += [(start + i, start + j, length) for i, j, length in matcher.get_matching_blocks()]
    return [run for run in [*runs, (len(old) - end, len(new) - end, end)] if run[2]]


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
