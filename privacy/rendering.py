"""From a stored policy text to the page: merge fields filled in, headings given addresses, a contents list drawn up."""

import logging
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

from django.conf import settings
from django.utils.functional import Promise
from django.utils.html import escape, format_html
from django.utils.module_loading import import_string
from django.utils.safestring import SafeString, mark_safe
from django.utils.text import slugify
from django.utils.translation import gettext as _
from django.utils.translation import override
from lxml import html
from lxml.html import HtmlElement

from privacy import dates
from privacy.cleaning import MERGE_FIELD, clean
from privacy.models import PolicyText

logger = logging.getLogger(__name__)

# An editor puts a field that becomes a table into a paragraph of its own; a table cannot stand in one.
BLOCK_FIELD = re.compile(r"<p>\s*(\{\{\s*cookie_declaration\s*\}\})\s*</p>")
NUMBERING_MARK = re.compile(r"^\(\d+\)\s*|[;?:]$")
EFFECTIVE_DATE = "effective_date"
BLOCK_FIELDS = {"cookie_declaration"}  # become headings and tables
LINK_FIELDS = {"cookie_settings", "company.email", "company.office", "company.support"}
# Fragments that the page around a text uses, see templates/base.html and templates/privacy/policy.html.
FRAGMENTS_OF_PAGE = {
    *("content", "contents-heading", "banner-heading"),
    *("choice-saved", "saved-heading", "consent-withdrawn", "withdrawn-heading"),
}
# Name to a function from a language to HTML; called only for the fields that a text uses.
MergeFields = Mapping[str, Callable[[str], str]]


@dataclass(frozen=True)
class MergeField:
    """A field that the site offers: its name for editors, and its HTML in a language."""

    label: Promise
    value: Callable[[str], str]

    def __call__(self, language: str) -> str:
        """The HTML in ``language`` (a code such as "lv")."""
        return self.value(language)


@dataclass(frozen=True)
class Heading:
    """An entry of the contents list: level 2 or 3, the words, and the fragment that leads there."""

    level: int
    words: str
    fragment: str


@dataclass(frozen=True)
class RenderedText:
    """A policy text ready for a template: its HTML and its contents list in reading order."""

    html: SafeString
    contents: tuple[Heading, ...]


def site_fields() -> Mapping[str, MergeField]:
    """The site's merge fields, from the mapping that settings.PRIVACY_MERGE_FIELDS names."""
    fields: Mapping[str, MergeField] = import_string(settings.PRIVACY_MERGE_FIELDS)
    return fields


def known_fields() -> dict[str, str]:
    """The names that an editor may use, each with what it stands for."""
    labels = {name: str(field.label) for name, field in site_fields().items()}
    return {**labels, EFFECTIVE_DATE: _("effective date")}


def fill_in(body: str, fields: MergeFields, language: str) -> str:
    """Replace each ``{{ name }}`` by its value in ``language``; nothing else in ``body`` has a meaning.

    A name that ``fields`` lacks, as in an old text when the site drops a field, stays as it is and is logged.
    """

    def value(match: re.Match[str]) -> str:
        if match[1] not in fields:
            logger.error("A policy text names the merge field %s, which the site does not have", match[1])
            return match[0]
        if match[1] not in values:
            values[match[1]] = fields[match[1]](language)
        return values[match[1]]

    values: dict[str, str] = {}  # each is asked for once, however often it stands there
    return MERGE_FIELD.sub(value, BLOCK_FIELD.sub(r"\1", body))


def render(body: str, language: str, effective_at: datetime | None, *, permanent_links: bool = False) -> RenderedText:
    """Render a stored text; ``effective_at`` None is a draft's, which has no date yet.

    It is cleaned again, whoever put it into the database: what is clean stays as it is. With ``permanent_links`` each
    heading is a link to itself, for a page; a comparison wants the words alone.
    """
    with override(language):
        fields: MergeFields = {**site_fields(), EFFECTIVE_DATE: _date(effective_at)}
        filled_in = fill_in(_clean_again(body), fields, language)
        return _add_structure(filled_in, permanent_links=permanent_links)


_clean_again = lru_cache(maxsize=32)(clean)  # 4 ms for a long text


def _date(effective_at: datetime | None) -> Callable[[str], str]:
    if effective_at is None:
        return lambda language: format_html("<em>[{}]</em>", _("effective date"))
    return lambda language: dates.in_words(effective_at, language)


@lru_cache(maxsize=64)
def _add_structure(filled_in: str, *, permanent_links: bool) -> RenderedText:
    """Give headings a fragment of their own, and name and mark the links. Same words, same result."""
    root = html.fragment_fromstring(filled_in, create_parent="div")
    contents: list[Heading] = []
    for heading in root.iter("h2", "h3"):
        words = NUMBERING_MARK.sub("", NUMBERING_MARK.sub("", heading.text_content()))
        fragment = _unused(slugify(words) or "section", contents)
        heading.set("id", fragment)
        contents.append(Heading(level=int(heading.tag[1]), words=words, fragment=fragment))
        if permanent_links and heading.find(".//a") is None:
            _link_to_itself(heading)
    for link in root.iter("a"):
        if link.get("href", "").startswith("https://"):
            link.set("rel", "external noopener noreferrer")
        if title := link.attrib.pop("title", ""):
            # Words such as "here" do not say where a link goes; read out alone it needs a name that does (WCAG 2.4.9).
            link.set("aria-label", f"{link.text_content()}: {title}")
    inner = html.tostring(root, encoding="unicode")[len("<div>") : -len("</div>")]
    return RenderedText(html=mark_safe(inner), contents=tuple(contents))  # noqa: S308 - the stored text is HTML


def _link_to_itself(heading: HtmlElement) -> None:
    """Put the words of ``heading`` into a link to it: nothing more to read out, and the name is the heading's own."""
    link = html.Element("a", href=f"#{heading.get('id')}")
    link.text, heading.text = heading.text, None
    link.extend(list(heading))
    heading.append(link)


def _unused(fragment: str, taken: list[Heading]) -> str:
    """``fragment``, with a number behind it when another heading has it already."""
    used = FRAGMENTS_OF_PAGE | {heading.fragment for heading in taken}
    candidate, number = fragment, 2
    while candidate in used:
        candidate, number = f"{fragment}-{number}", number + 1
    return candidate


def with_title(text: PolicyText) -> str:
    """Title and text as one piece of HTML, for comparisons."""
    return titled(text.title, render_text(text).html)


def titled(title: str, body: str) -> str:
    """The same of words that are not filled in."""
    return f"<h2>{escape(title)}</h2>{body}"


def render_text(text: PolicyText, *, permanent_links: bool = False) -> RenderedText:
    """Render a stored text of a version, in its own language and with its own date."""
    return render(text.body, text.language, text.version.effective_at, permanent_links=permanent_links)
