"""What a first view costs on the wire: counted on the files as they are collected for production."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.test import Client
from django.test.utils import override_settings
from pytest_django import Settings

from consent import csp
from ossnet_site.stored_page import StoredPage
from tests.benchmarks.weight import Answer, fetched, rows

# Collecting takes seconds.
pytestmark = [pytest.mark.xdist_group("collected"), pytest.mark.no_cover]

# What gunicorn adds.
BY_SERVER = (("Server", "gunicorn"), ("Date", "Tue, 24 Nov 2026 02:43:24 GMT"))


STORAGES = {"staticfiles": {"BACKEND": "ossnet_site.static_files.StaticFilesStorage"}}


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Collected for production: compressed, with hashed names. What is for staff alone takes long, and is left out."""
    folder = str(tmp_path_factory.mktemp("static"))
    with override_settings(STATIC_ROOT=folder, STORAGES=STORAGES):
        call_command("collectstatic", interactive=False, verbosity=0, ignore_patterns=["admin", "django*"])
    return folder


@pytest.fixture
def collected(settings: Settings, files: str, site: None) -> Iterator[Client]:
    """A visitor of a site that serves these files over HTTPS."""
    settings.STATIC_ROOT, settings.STORAGES = files, STORAGES
    settings.SECURE_HSTS_SECONDS = 31_536_000
    settings.SECURE_HSTS_INCLUDE_SUBDOMAINS = settings.SECURE_HSTS_PRELOAD = True
    csp.for_visitors.cache_clear()
    yield Client()
    csp.for_visitors.cache_clear()


def answer(visitor: Client, path: str) -> Answer:
    response: Any = visitor.get(path, secure=True, headers={"Accept-Encoding": "br"})
    body = b"".join(response) if response.streaming else response.content
    headers = [(name, value) for name, value in response.headers.items()]
    response.close()
    if path.startswith("/static/"):
        assert dict(headers)["Content-Encoding"] == "br"
        return Answer("HTTP/1.1 200 OK", (*BY_SERVER, *headers), body)
    begun: list[Any] = []
    page = StoredPage(headers, body)
    environ = {"REQUEST_METHOD": "GET", "HTTP_ACCEPT_ENCODING": "br"}
    body = b"".join(page.answer(environ, lambda *args: begun.extend(args)))
    return Answer(f"HTTP/1.1 {begun[0]}", (*BY_SERVER, *begun[1]), body)


def test_the_first_view_of_the_policy_stays_in_its_budget(collected: Client) -> None:
    paths = fetched(collected.get("/privatuma-politika/", secure=True).content.decode())
    assert [Path(path).suffix for path in paths] == ["", ".svg", ".js"]
    measured = rows({path: answer(collected, path) for path in paths})
    assert [row.cells() for row in measured if row.falls_short] == []
    total = measured[0].median
    assert 9_000 < total <= 10_000  # another figure is a finding, too: something that weighs was not counted


def test_our_files_lose_what_only_people_read(collected: Client) -> None:
    style = collected.get("/", secure=True).content.decode()
    assert "/* Not system-ui" not in style
    assert "light-dark(#fff,#10181c)" in style
    (script,) = [path for path in fetched(style) if path.endswith(".js")]
    response: Any = collected.get(script, secure=True)
    text = b"".join(response).decode()
    response.close()
    assert "// " not in text
    assert "location.reload()" in text
