"""Staff at a real browser: every page works under the Content-Security-Policy, and the console stays empty."""

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.contrib.auth.models import User
from django.test import Client
from playwright.sync_api import Locator, expect

from privacy.models import PolicyText, PolicyVersion
from tests.browser.conftest import VisitorWith
from tests.browser.visitor import Visitor

# As Word puts it on the clipboard, in short.
FROM_WORD = (
    '<html xmlns:o="urn:schemas-microsoft-com:office:office"><body><h2 style="mso-x:1">No Word<o:p></o:p></h2>'
    '<p class="MsoNormal"><span style="font-family:Arial"><b>Trekni</b> vārdi</span></p></body></html>'
)
COMPLAINTS: list[str] = []  # what the browser wrote into its console during this test
PASTE = """(area, html) => {
    const data = new DataTransfer();
    data.setData("text/html", html);
    area.dispatchEvent(new ClipboardEvent("paste", {clipboardData: data, bubbles: true, cancelable: true}));
}"""


@pytest.fixture
def editor(visitor_with: VisitorWith) -> Visitor:
    """A member of staff with every permission."""
    session = Client()
    session.force_login(User.objects.create_superuser("Anna"))
    staff = visitor_with()
    (cookie,) = session.cookies.values()
    staff.context.add_cookies([{"name": cookie.key, "value": cookie.value, "url": staff.site}])
    # Its hints on form fields are shown to nobody who does not ask for them.
    staff.page.on("console", lambda message: message.text.startswith("[DOM]") or COMPLAINTS.append(message.text))
    staff.page.on("pageerror", lambda error: COMPLAINTS.append(str(error)))
    COMPLAINTS.clear()
    return staff


def nothing_to_complain_of(editor: Visitor) -> None:
    """The console and the Content-Security-Policy are silent (asked before axe, which adds styles of its own)."""
    assert COMPLAINTS == []
    assert editor.page.evaluate("window.violations") == []


def draft_page(page: str) -> str:
    return f"/admin/privacy/policyversion/{PolicyVersion.objects.get(number=2).pk}/{page}/"


def latvian_text(editor: Visitor) -> Locator:
    """The editing area, ready, with the cursor at its beginning."""
    editor.open(draft_page("change"))
    area = editor.page.locator("[contenteditable=true]").first
    expect(area).to_contain_text("apņemas aizsargāt")
    area.click()
    press(area, "Control+Home", "selection => selection.to === 1")
    return area


def press(area: Locator, keys: str, selects: str) -> None:
    """Press keys that move the cursor, until the editor has noticed: just focused, it may put the old place back."""
    for _ in range(20):
        area.press(keys)
        if area.evaluate(f"area => ({selects})(area.editor.state.selection)"):
            return
        area.page.wait_for_timeout(100)
    pytest.fail(f"the editor does not follow {keys}")


def save(editor: Visitor) -> str:
    """Save, and give what the database then holds."""
    editor.page.get_by_role("button", name="Saglabāt un turpināt labošanu").click()
    expect(editor.page.get_by_role("listitem").filter(has_text="sekmīgi").first).to_be_visible()
    return PolicyText.objects.get(version__number=2, language="lv").body


def test_what_is_written_with_the_editor_is_what_is_kept(editor: Visitor) -> None:
    before = PolicyText.objects.get(version__number=2, language="lv").body
    latvian_text(editor)
    editor.page.keyboard.type("Jauni vārdi. ")
    nothing_to_complain_of(editor)
    assert save(editor) == before.replace("<p>", "<p>Jauni vārdi. ", 1).rstrip("\n")


def test_the_editor_speaks_latvian(editor: Visitor) -> None:
    area = latvian_text(editor)
    bar = editor.page.locator(".prose-menubar").first
    names = bar.get_by_role("button").evaluate_all("all => all.map(button => button.ariaLabel)")
    assert names == [
        *("rindkopa", "saraksts", "numurētas rindkopas", "treknraksts", "slīpraksts"),
        *("ievietot saiti", "atsaukt", "atcelt atsaukšanu"),
    ]
    bar.get_by_role("button", name="rindkopa", exact=True).press("Enter")
    expect(bar.get_by_role("button", name="Apakšvirsraksts")).to_be_visible()
    bar.get_by_role("button", name="Virsraksts", exact=True).click()
    expect(area.locator("h2").first).to_contain_text("apņemas aizsargāt")
    expect(bar.get_by_role("button", name="virsraksts", exact=True)).to_be_visible()
    press(area, "Shift+End", "selection => !selection.empty")
    bar.get_by_role("button", name="ievietot saiti").click()
    expect(editor.page.get_by_role("dialog").get_by_role("button", name="Atcelt")).to_be_visible()
    expect(editor.page.get_by_label("Adrese")).to_be_visible()
    nothing_to_complain_of(editor)


def test_a_merge_field_is_put_where_the_cursor_is(editor: Visitor) -> None:
    latvian_text(editor)
    editor.page.get_by_role("button", name="darba laiks").click()
    assert save(editor).startswith("<p>{{ company.hours }}{{ company.name }}")


def test_what_is_pasted_from_word_is_clean_text(editor: Visitor) -> None:
    area = latvian_text(editor)
    press(area, "Control+a", "selection => selection.to - selection.from > 1000")
    area.evaluate(PASTE, FROM_WORD)
    assert save(editor) == "<h2>No Word</h2>\n<p><strong>Trekni</strong> vārdi</p>"


@pytest.mark.parametrize("page", ["change", "compare", "publish", "history", "preview/lv", "preview/en"])
@pytest.mark.parametrize("width", [320, 1280])
def test_every_page_of_staff_fits_and_is_accessible(editor: Visitor, page: str, width: int) -> None:
    editor.page.set_viewport_size({"width": width, "height": 800})
    editor.open(draft_page(page))
    editor.page.wait_for_load_state("networkidle")
    nothing_to_complain_of(editor)
    serious = [
        (violation["id"], [node["html"][:120] for node in violation["nodes"]])
        for violation in Axe().run(editor.page).response["violations"]
        if violation["impact"] in {"serious", "critical"}
    ]
    assert serious == []
