"""Pictures of every page for people to look at: ``SCREENSHOTS=1 bin/test tests/browser/test_screenshots.py``."""

import os
from pathlib import Path

import pytest
from django.conf import settings

from tests.browser.conftest import VisitorWith
from tests.browser.visitor import PAGES

FOLDER = Path(settings.BASE_DIR) / "screenshots"


@pytest.mark.skipif(os.environ.get("SCREENSHOTS") != "1", reason="pictures are taken only when SCREENSHOTS=1")
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [320, 768, 1280])
@pytest.mark.parametrize("state", ["undecided", "granted"])
def test_every_page_is_pictured(visitor_with: VisitorWith, state: str, width: int, scheme: str) -> None:
    visitor = visitor_with(viewport={"width": width, "height": 800}, color_scheme=scheme)
    FOLDER.mkdir(exist_ok=True)

    def picture(name: str) -> None:
        path = FOLDER / f"{name}-{state}-{width}-{scheme}.png"
        visitor.page.screenshot(path=path, full_page=True)
        assert path.stat().st_size > 0

    if state == "granted":
        visitor.open("/")
        visitor.accept_all()
        picture("confirmation")
    for path in PAGES:
        visitor.open(path)
        picture(path.strip("/").replace("/", "-") or "home")
