"""Hostile pieces in any order: whatever they make together, nothing harmful remains, and fields reach nothing else."""

import re

import pytest
from django.utils.html import escape
from hypothesis import given
from hypothesis import strategies as st

from privacy.cleaning import MERGE_FIELD, clean
from privacy.rendering import fill_in, known_fields, render
from privacy.text_checks import problems
from tests.privacy.hostile import FIELDS, OF_RENDERING, harm, tells_nothing
from tests.privacy.test_cleaning import HOSTILE
from tests.site.gateway import bounded

TAGS = [
    "a",
    "b",
    "p",
    "h2",
    "h3",
    "ul",
    "ol",
    "li",
    "br",
    "strong",
    "em",
    "div",
    "span",
    "table",
    "tr",
    "td",
    "svg",
    "math",
    "mtext",
    "mglyph",
    "style",
    "script",
    "template",
    "noscript",
    "title",
    "textarea",
    "iframe",
    "form",
    "input",
    "img",
    "video",
    "object",
    "select",
    "option",
    "xmp",
    "plaintext",
    "annotation-xml",
    "foreignObject",
    "desc",
    "base",
    "meta",
]
NAMES = [
    "href",
    "title",
    "src",
    "onclick",
    "onerror",
    "style",
    "class",
    "id",
    "name",
    "action",
    "srcdoc",
    "xlink:href",
    "value",
    "formaction",
    "data-x",
]
VALUES = [
    *(
        "javascript:alert(1)",
        "java\tscript:x",
        "&#106;avascript:x",
        "data:text/html,x",
        "//evil.example",
        "https://a.lv",
    ),
    *("/x", "#x", "mailto:a@b", '"', "'", ">", "<script>", "{{ company.email }}", "{% x %}", "--", "]]>", "`", "\x00"),
]
WORDS = ["a", " ", "\n", "&lt;", "&amp;", "&nbsp;", "&#0;", "\u202e", "ā", "\u0304", "alert(1)", "\ufffe", "\U0001f4a9"]
LOOSE = [
    "<",
    ">",
    "</",
    "/>",
    "<!--",
    "-->",
    "--!>",
    "<![CDATA[",
    "]]>",
    "<?x",
    "<!",
    '"',
    "'",
    "=",
    "&",
    "<p",
    "<a href=",
]

attribute = st.builds(
    '{}{}="{}"'.format, st.sampled_from([" ", "/", "\n", "\x0c"]), st.sampled_from(NAMES), st.sampled_from(VALUES)
)
attributes = st.lists(attribute, max_size=3).map("".join)
start = st.builds("<{}{}>".format, st.sampled_from(TAGS) | st.sampled_from(TAGS).map(str.upper), attributes)
end = st.sampled_from(TAGS).map("</{}>".format)
piece = start | end | st.sampled_from(WORDS) | st.sampled_from(LOOSE) | st.sampled_from(VALUES)
fragment = st.lists(piece, max_size=14).map("".join)
spliced = st.builds(
    lambda one, other, at: one[: at % (len(one) + 1)] + other + one[at % (len(one) + 1) :],
    st.sampled_from([*HOSTILE, *FIELDS]),
    fragment | st.sampled_from(HOSTILE),
    st.integers(0, 200),
)

FIELD_PIECES = [
    *("{{", "}}", "{", "}", "{%", "%}", "{#", "#}", " ", "\xa0", ".", "_", "__", "|", "(", ")", "[", "]", "'", "\\1"),
    *("company", "email", "name", "settings", "SECRET_KEY", "__class__", "request", "safe", "cookie_settings", "../"),
    *("&#123;", "&lbrace;", "<b>", "</b>", "<br>", "<p>", "</p>", '<a href="/x">', "</a>", '<a title="', '">'),
    *("company.hours", "company.email", "company.name", "/etc/passwd", "\\g<0>"),
]
field = st.lists(st.sampled_from(FIELD_PIECES), max_size=16).map("".join)


@bounded(400)
@given(fragment | spliced)
def test_whatever_hostile_pieces_make_nothing_harmful_remains(text: str) -> None:
    cleaned = clean(text)
    assert harm(cleaned) == []
    assert clean(cleaned) == cleaned


@pytest.mark.django_db
def test_whatever_hostile_pieces_make_nothing_harmful_is_rendered() -> None:
    @bounded(150)
    @given(fragment | spliced | field)
    def check(text: str) -> None:
        rendered = render(text, "lv", None)
        assert harm(rendered.html, OF_RENDERING) == []
        assert tells_nothing(rendered.html)

    check()


@bounded(300)
@given(field)
def test_no_more_than_the_known_fields_is_ever_filled_in(text: str) -> None:
    """What is filled in is the value of a known name in double braces; everything else stays to the letter."""
    asked: list[str] = []

    def value(name: str) -> str:
        asked.append(name)
        return f"[{len(asked)}]"

    known = {name: lambda language, name=name: value(name) for name in ("company.name", "company.email")}
    cleaned = clean(text)
    filled = fill_in(cleaned, known, "lv")
    parts = re.split(r"\[\d+\]", filled) if asked else [filled]
    assert set(asked) <= set(known)
    expected = re.sub(r"\{\{ (company\.name|company\.email) \}\}", "\0", cleaned).split("\0")
    assert parts == expected
    assert not re.search(r"<[^<>]*\{\{[^<>]*>", cleaned), "no field stands inside an element"


@pytest.mark.django_db
def test_every_field_that_is_not_known_is_refused() -> None:
    known = known_fields()

    @bounded(200)
    @given(field)
    def check(text: str) -> None:
        named = {match[1] for match in MERGE_FIELD.finditer(clean(f"<p>{escape(text)}</p>"))}
        if named - set(known):
            assert problems(f"<p>{escape(text)}</p>", known)

    check()
