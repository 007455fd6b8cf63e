"""The page of statistics at a real browser: it fits, it can be told apart from its background, axe finds nothing."""

from datetime import timedelta

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.utils import timezone

from consent.models import DailyCount, DailySummary
from tests.browser.test_staff import editor, nothing_to_complain_of  # noqa: F401 - a fixture
from tests.browser.visitor import Visitor

PAGE = "/admin/consent/dailysummary/"
# The contrast of a chart's columns with what they stand on (WCAG 2.2, 1.4.11 asks for 3).
CONTRAST = """() => {
    const channels = colour => colour.match(/[0-9.]+/g).slice(0, 3).map(Number).map(value => {
        const share = value / 255;
        return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
    });
    const light = colour => channels(colour).reduce((sum, value, at) => sum + value * [0.2126, 0.7152, 0.0722][at], 0);
    const [a, b] = [getComputedStyle(document.querySelector("rect.values")).fill,
        getComputedStyle(document.body).backgroundColor].map(light).sort((x, y) => y - x);
    return (a + 0.05) / (b + 0.05);
}"""
OVERFLOWS = "() => document.documentElement.scrollWidth > document.documentElement.clientWidth"


def count_a_year() -> None:
    today = timezone.localdate()
    for age in range(0, 360, 6):
        row = DailySummary.objects.create(
            day=today - timedelta(days=age), decisions=1000, counted_at=timezone.now() - timedelta(days=age)
        )
        counts = {
            ("event", "given"): 700 - age, ("event", "refused"): 300 + age, ("event", "withdrawn"): age // 10,
            ("control", "banner_accept"): 700 - age, ("control", "banner_reject"): 300 + age,
            ("control", "withdrawal"): age // 10, ("asked", "analytics"): 1000, ("granted", "analytics"): 700 - age,
            ("asked", "hotjar"): 1000, ("granted", "hotjar"): 200 + age // 2,
        }  # fmt: skip
        DailyCount.objects.bulk_create(
            DailyCount(summary=row, policy_number=1 + (age < 100), measure=measure, value=value, count=count)
            for (measure, value), count in counts.items()
        )


@pytest.mark.parametrize("width", [320, 1280])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_fits_and_is_accessible(editor: Visitor, scheme: str, width: int) -> None:  # noqa: F811
    count_a_year()
    editor.page.emulate_media(color_scheme=scheme)
    editor.page.set_viewport_size({"width": width, "height": 800})
    editor.open(PAGE)
    for summary in editor.page.locator("main summary").all():
        summary.click()
    nothing_to_complain_of(editor)
    assert editor.page.get_by_role("img", name="Lēmumi dienā").is_visible()
    assert editor.page.evaluate(CONTRAST) >= 3
    assert not editor.page.evaluate(OVERFLOWS)
    found = Axe().run(editor.page).response["violations"]
    assert [(rule["id"], [node["html"][:120] for node in rule["nodes"]]) for rule in found] == []


def test_forced_colours_leave_the_charts(editor: Visitor) -> None:  # noqa: F811
    count_a_year()
    editor.page.emulate_media(forced_colors="active")
    editor.open(PAGE)
    assert editor.page.evaluate(CONTRAST) >= 3


def test_nothing_counted_yet_is_a_page_like_any_other(editor: Visitor) -> None:  # noqa: F811
    editor.open(PAGE)
    assert editor.page.get_by_text("Vēl nekas nav saskaitīts.").is_visible()
    nothing_to_complain_of(editor)
    assert Axe().run(editor.page).response["violations"] == []
