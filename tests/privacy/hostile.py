"""Texts made to do harm, and what a page must not hold of them."""

import re
from collections import Counter
from pathlib import Path
from typing import Any

import nh3
from django.conf import settings
from lxml import etree, html

from tests.privacy.test_cleaning import ALLOWED_ADDRESS, ALLOWED_ATTRIBUTES, HOSTILE, tree

FIELDS = (Path(__file__).parent / "hostile_fields.txt").read_text(encoding="utf-8").splitlines()
# Too long for a line of a file: deep, wide, or invisible.
LARGE = [
    *(opening * 3000 for opening in ("<div>", "<b>", "<ul><li>", "<table><tr><td>", "<svg>", "<a href=/x>", "<p><em>")),
    "<a href='/x' title='" + "x" * 100_000 + "'>a</a>",
    "<p " + "onclick=alert(1) " * 5000 + ">a</p>",
    "<p " + "".join(f"a{n}=b " for n in range(5000)) + ">a</p>",
    "<" * 20_000,
    "<!--" * 5000,
    "{{" * 20_000,
    "{{ company.email }}" * 500,
    "&#106;" * 20_000,
    '<a href="java' + "\t\n" * 5000 + 'script:alert(1)">a</a>',
    "<p>a\x01b\x0b\x0c\x1f\x7f\x85\u2028\u202e\ufffe\ufeffc</p>",
    "<p>\U000e0041\U0001f4a9\u0000</p>",
]
CORPUS = [*HOSTILE, *FIELDS, *LARGE]
CHUNKS = 4  # so that several processes share the work
# What rendering adds to a text.
OF_RENDERING = {"h2": {"id"}, "h3": {"id"}, "a": {"rel", "aria-label"}}
OF_COMPARISON = {tag: {"class"} for tag in ALLOWED_ATTRIBUTES} | {"span": {"class"}, "ins": set(), "del": set()}
CLASSES = {"inserted", "removed", "moved", "removed-heading", "link-change"}
SECRETS = re.compile(r"root:x:0|django\.contrib|pbkdf2_|&lt;class |<class |function at 0x")
EMPTY_SCRIPTS = {"importmap", "application/json"}


def allowed(more: dict[str, set[str]]) -> dict[str, set[str]]:
    """Elements and their attributes: those of a policy text and ``more``."""
    return {tag: ALLOWED_ATTRIBUTES.get(tag, set()) | more.get(tag, set()) for tag in {*ALLOWED_ATTRIBUTES, *more}}


def harm(text: str, more: dict[str, set[str]] | None = None) -> list[str]:
    """What a piece of HTML holds that it may not, as lxml and as a browser's parser reads it."""
    known, found = allowed(more or {}), ["comment"] * text.count("<!")
    for element in tree(text).iterdescendants():
        found += [str(element.tag)] * (element.tag not in known)
        found += sorted(set(element.keys()) - known.get(element.tag, set()))
        found += sorted(set(element.get("class", "").split()) - CLASSES)
        address = re.sub(r"[\x00-\x20]", "", element.get("href", "/"))
        found += [address] * (not ALLOWED_ADDRESS.match(address))
    # html5ever, which parses as browsers do, takes nothing out: it sees the same elements and no others.
    browser = nh3.clean(
        text,
        tags=set(known),
        attributes={tag: names for tag, names in known.items() if names},
        link_rel=None,
        url_schemes={"https", "http", "mailto", "tel"},
        clean_content_tags=set(),
    )
    if shape(tree(browser)) != shape(tree(text)):
        found.append("a browser reads it otherwise")
    return found


def shape(root: Any) -> list[tuple[str, ...]]:
    """Every element with its attributes, in order, and its words."""
    return [(str(e.tag), *map(str, sorted(e.items())), e.text or "", e.tail or "") for e in root.iterdescendants()]


def frame(page: str) -> Counter[tuple[str, ...]]:
    """The page without what comes from a text: each kind of element, and how often."""
    root = html.fromstring(page)
    contents = "//nav[@class='contents'] | //script[contains(@src, 'js/contents.')]"
    for part in root.xpath(f"//article | {contents} | //div[@class='comparison'] | //div[@class='wide']"):
        part.getparent().remove(part)
    counted = Counter((str(e.tag), *sorted(e.keys())) for e in root.iter(etree.Element))
    many = {"p", "br", "li", "ul", "h2", "section"}
    return Counter({kind: count for kind, count in counted.items() if kind[0] not in many})


def inner(page: str, start: str, end: str) -> str:
    """What stands between two marks of a page, as it was sent."""
    return page.partition(start)[2].rpartition(end)[0]


def harm_to_staff(page: str) -> list[str]:
    """What a page of staff, where a form shows what was sent in, may not hold."""
    found = []
    for element in html.fromstring(page).iter(etree.Element):
        ours = element.get("src", "").startswith(("/static/", "/admin/jsi18n/")) or element.get("type") in EMPTY_SCRIPTS
        found += ["script"] * (element.tag == "script" and not ours)
        found += [element.tag] * (element.tag in {"iframe", "object", "embed", "base", "style", "math", "video"})
        found += [name for name in map(str, element.keys()) if name.startswith("on") or name == "style"]
        found += [value for name in ("href", "action", "formaction") if is_script(value := element.get(name, ""))]
    return found


def is_script(address: str) -> bool:
    """Whether an address would run something."""
    return re.sub(r"[\x00-\x20]", "", address).lower().startswith(("javascript:", "data:", "vbscript:"))


def tells_nothing(page: str) -> bool:
    """Whether a page keeps what no merge field may reach."""
    return settings.SECRET_KEY not in page and not SECRETS.search(page)
