"""A version as data, for archives that outlive this site."""

from typing import Any

from lxml import html

from privacy.models import PolicyText, PolicyVersion
from privacy.rendering import render_text

BLOCKS = ("h2", "h3", "p", "ul", "ol", "li", "tr")
LINE = "\u2028"  # cannot come from the text: there it is white space like any other


def facts(version: PolicyVersion) -> dict[str, Any]:
    """JSON data. Moments are ISO 8601 in UTC; ``sha256`` is of title, newline and stored text."""
    return {
        "number": version.number,
        "published_at": _moment(version.published_at),
        "effective_at": _moment(version.effective_at),
        "material_change": version.is_material,
        "texts": {text.language: _text(text) for text in version.texts.all()},
    }


def plain_text(text: PolicyText) -> str:
    """The words as they are shown, a line for each paragraph, heading and list item."""
    root = html.fragment_fromstring(render_text(text).html, create_parent="div")
    for block in root.iter(*BLOCKS):
        block.text = LINE + (block.text or "")
        block.tail = LINE + (block.tail or "")
    for cell in root.iter("td", "th", "br"):
        cell.tail = " " + (cell.tail or "")
    lines = [" ".join(line.split()) for line in root.text_content().split(LINE)]
    return "\n".join([text.title, *filter(None, lines)])


def _text(text: PolicyText) -> dict[str, str]:
    return {
        "title": text.title,
        "sha256": text.sha256,
        "change_summary": text.change_summary,
        "plain_text": plain_text(text),
    }


def _moment(moment: Any) -> str:
    return str(moment.isoformat().replace("+00:00", "Z"))
