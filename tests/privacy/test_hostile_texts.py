"""A text made to do harm does none: sent in by an editor, or put into the database past every form."""

import json
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Group, User
from django.test import Client
from django.utils import timezone
from lxml import etree

from ossnet_site import stamp
from privacy import current
from privacy.models import PolicyText, PolicyVersion
from tests.privacy.hostile import (
    CHUNKS,
    CORPUS,
    OF_COMPARISON,
    OF_RENDERING,
    frame,
    harm,
    harm_to_staff,
    inner,
    tells_nothing,
)

pytestmark = pytest.mark.once

VERSIONS = "/admin/privacy/policyversion/"
POLICY = "/privatuma-politika/"
ATOM = "{http://www.w3.org/2005/Atom}"
OF_AN_ENTRY = {"title", "link", "id", "summary", "published", "updated"}
chunks = pytest.mark.parametrize("texts", [CORPUS[n::CHUNKS] for n in range(CHUNKS)], ids=range(CHUNKS))


@pytest.fixture
def editor(site: None) -> Client:
    person = User.objects.create_user("Anna", is_staff=True)
    person.groups.set(Group.objects.filter(name="Policy editors"))
    client = Client()
    client.force_login(person)
    return client


def test_the_corpus_is_large() -> None:
    assert len(set(CORPUS)) == len(CORPUS) >= 500


@chunks
def test_what_an_editor_sends_in_is_stored_harmless_or_refused(
    editor: Client, ready_draft: PolicyVersion, texts: list[str]
) -> None:
    address = f"{VERSIONS}{ready_draft.pk}/change/"
    saved = 0
    for text in texts:
        revision = PolicyVersion.objects.get(pk=ready_draft.pk).revision
        before = ready_draft.texts.get().body
        response = editor.post(address, {"title_lv": "T", "body_lv": text, "opened_revision": revision})
        page, body = response.content.decode(), ready_draft.texts.get().body
        assert response.status_code in {200, 302}, text
        assert (response.status_code == 302) or body == before, text
        assert harm(body) == [], text
        assert not page or harm_to_staff(page) == [], (text, harm_to_staff(page))
        assert tells_nothing(page), text
        saved += response.status_code == 302
    assert 20 < saved < len(texts), "many are refused for their links or as they have no words, others are cleaned"


@pytest.fixture
def two_versions(editor: Client, guards_lifted: None) -> PolicyVersion:
    """A second version in force whose text can be changed as only a damaged database lets it."""
    version = PolicyVersion.objects.get(number=2)
    moment = timezone.now() - timedelta(hours=1)
    PolicyVersion.objects.filter(pk=version.pk).update(published_at=moment, effective_at=moment)
    return version


def put(older: str, newer: str) -> None:
    """Put a text into either version, and its beginning, which always differs, where there is no HTML."""
    for number, text in ((1, older), (2, newer)):
        words = f"{number} {text}"[:200]
        fields = {"title": words, "change_summary": words}
        PolicyText.objects.filter(version__number=number).update(body=text, **fields)
    current.forget()
    stamp.forget()


def pages(editor: Client, older: PolicyVersion, newer: PolicyVersion) -> dict[str, str]:
    addresses = {
        "policy": POLICY,
        "version": f"{POLICY}versijas/1/",
        "changes": f"{POLICY}versijas/2/izmainas/",
        "preview of the older": f"{VERSIONS}{older.pk}/preview/lv/",
        "preview of the newer": f"{VERSIONS}{newer.pk}/preview/lv/",
        "compare": f"{VERSIONS}{newer.pk}/compare/?with=1",
        "archive of the older": f"{POLICY}versijas/1.json",
        "archive of the newer": f"{POLICY}versijas/2.json",
        "feed": f"{POLICY}versijas/plusma/",
    }
    found = {}
    for name, address in addresses.items():
        response = editor.get(address)
        assert response.status_code == 200, (name, address)
        assert response.headers["X-Content-Type-Options"] == "nosniff"
        found[name] = response.content.decode()
    return found


def judge(shown: dict[str, str], plain: dict[str, Any]) -> None:
    for name in ("policy", "version", "preview of the older", "preview of the newer"):
        assert harm(inner(shown[name], '<article lang="lv">', "</article>"), OF_RENDERING) == [], name
    for name in ("changes", "compare"):
        for part in shown[name].split('<div class="comparison"')[1:]:
            compared = part.partition(">")[2].partition("</div>")[0]
            assert harm(compared, OF_COMPARISON) == [], name
    for name, page in shown.items():
        assert tells_nothing(page), name
        if name in plain:
            assert frame(page) == plain[name], name
    for name in ("archive of the older", "archive of the newer"):
        assert set(json.loads(shown[name])["texts"]) == {"lv"}
    for entry in etree.fromstring(shown["feed"].encode()).iter(f"{ATOM}entry"):
        assert set(harm(entry.findtext(f"{ATOM}summary") or "")) == set()
        assert {child.tag.removeprefix(ATOM) for child in entry} <= OF_AN_ENTRY


@chunks
def test_what_stands_in_the_database_is_shown_harmless(
    editor: Client, two_versions: PolicyVersion, texts: list[str]
) -> None:
    """Two at a time, each in a version of its own, so that none can hide another."""
    older = PolicyVersion.objects.get(number=1)
    stored = [text.replace("\0", "") for text in texts]  # no database holds it
    put("<h2>a</h2><p>b</p>", "<h2>c</h2><p>d</p>")
    shown = pages(editor, older, two_versions)
    plain = {name: frame(page) for name, page in shown.items() if "archive" not in name and name != "feed"}
    for pair in zip(stored[::2], stored[1::2] + stored[:1], strict=False):
        put(*pair)
        judge(pages(editor, older, two_versions), plain)
