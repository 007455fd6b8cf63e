"""A vendor's snippet pasted into a template, where no cleaning reaches: the browser refuses what was not granted."""

from copy import deepcopy
from pathlib import Path

import pytest
from pytest_django import Settings

from tests.browser import vendors
from tests.browser.visitor import Visitor

HOTJAR_IMAGE = "https://static.hotjar.com/pasted.png"
PIXEL = "https://www.facebook.com/tr?id=1234567890&ev=PageView&noscript=1"
PASTED = f"""{{% extends "privacy/policy.html" %}}
{{% block content %}}{{{{ block.super }}}}
<p>Teksts ar ielīmētu kodu.</p>
<script>window.pasted = true</script>
<script src="{vendors.FBEVENTS}?pasted"></script>
<img src="{PIXEL.replace("&", "&amp;")}" alt="" onerror="window.pasted = true">
<img src="{HOTJAR_IMAGE}" alt="">
<iframe src="https://www.facebook.com/plugins/page.php" title="Facebook"></iframe>
{{% endblock %}}
"""


@pytest.fixture
def pasted_snippet(served_site: str, settings: Settings, tmp_path: Path) -> None:
    """The site with a template of the policy page that somebody pasted a snippet into; the text itself is clean."""
    template = tmp_path / "privacy" / "policy.html"
    template.parent.mkdir()
    template.write_text(PASTED, encoding="utf-8")
    templates = deepcopy(settings.TEMPLATES)
    templates[0]["DIRS"].insert(0, tmp_path)
    settings.TEMPLATES = templates


@pytest.mark.usefixtures("pasted_snippet")
def test_the_snippet_of_a_service_that_nobody_granted_is_blocked(visitor: Visitor) -> None:
    for _ in ("undecided", "refused"):
        response = visitor.open("/privatuma-politika/")
        assert vendors.FBEVENTS in response.text()
        assert visitor.requested == []
        assert visitor.page.evaluate("typeof pasted") == "undefined"
        assert visitor.page.evaluate("violations.sort()") == [
            "frame-src https://www.facebook.com",  # of a frame only the origin is told
            f"img-src {HOTJAR_IMAGE}",
            f"img-src {PIXEL}",
            "script-src-attr inline",
            f"script-src-elem {vendors.FBEVENTS}?pasted",
            "script-src-elem inline",
        ]
        if visitor.banner.count():
            visitor.reject_all()


@pytest.mark.usefixtures("pasted_snippet")
def test_a_grant_lets_only_its_own_hosts_through_and_never_an_inline_script(visitor: Visitor) -> None:
    visitor.grant(["facebook"])
    visitor.requested.clear()
    visitor.open("/privatuma-politika/")
    assert {vendors.FBEVENTS, f"{vendors.FBEVENTS}?pasted", PIXEL} <= set(visitor.requested)
    assert HOTJAR_IMAGE not in visitor.requested
    assert visitor.page.evaluate("typeof pasted") == "undefined"
    blocked = visitor.page.evaluate("violations")
    assert {"script-src-elem inline", f"img-src {HOTJAR_IMAGE}"} <= set(blocked)
    assert not any("facebook" in line for line in blocked)


@pytest.mark.usefixtures("pasted_snippet")
def test_the_snippet_is_blocked_again_after_withdrawing(visitor: Visitor) -> None:
    visitor.open("/privatuma-politika/")
    visitor.accept_all()
    assert HOTJAR_IMAGE in visitor.requested
    visitor.requested.clear()
    visitor.withdraw()
    assert visitor.requested == []
    assert f"img-src {HOTJAR_IMAGE}" in visitor.page.evaluate("violations")
