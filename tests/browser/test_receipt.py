"""A visitor takes the receipt home and has it checked, without a script."""

from pathlib import Path

from playwright.sync_api import expect

from tests.browser.conftest import VisitorWith
from tests.browser.test_accessibility import violations

CHECK = "/sikdatnes/parbaude/"
VALID = "Apliecinājums ir derīgs"


def test_a_downloaded_receipt_is_checked_as_text_and_as_a_file(visitor_with: VisitorWith, tmp_path: Path) -> None:
    visitor = visitor_with(java_script_enabled=False)
    page = visitor.page
    visitor.open("/")
    visitor.reject_all()
    visitor.open("/sikdatnes/apliecinajums/")
    number = page.get_by_role("heading", level=2).first.inner_text()
    file = tmp_path / "receipt.jws"
    with page.expect_download() as download:
        page.get_by_role("link", name="Parakstīts (.jws)").click()
    download.value.save_as(file)
    assert download.value.suggested_filename == f"consent-receipt-{number}.jws"
    page.get_by_role("link", name="Piekrišanas apliecinājuma pārbaude").click()
    page.wait_for_url(f"**{CHECK}")
    page.get_by_label("Vai pati datne").set_input_files(file)
    page.get_by_role("button", name="Pārbaudīt").click()
    expect(page.get_by_role("region", name=VALID)).to_contain_text(number)
    # What was checked stands in the field: change one character of it.
    field = page.get_by_label("Apliecinājuma saturs")
    text = field.input_value().strip()
    assert text == file.read_text().strip()
    field.fill(text[:300] + ("A" if text[300] != "A" else "B") + text[301:])
    page.get_by_role("button", name="Pārbaudīt").click()
    expect(page.get_by_role("region", name="Apliecinājums ir mainīts")).to_be_visible()
    field.fill(text)
    page.get_by_role("button", name="Pārbaudīt").click()
    expect(page.get_by_role("region", name=VALID)).to_be_visible()


def test_axe_finds_nothing_in_any_answer(visitor_with: VisitorWith) -> None:
    found = []
    for options in ({"color_scheme": "light"}, {"color_scheme": "dark", "viewport": {"width": 320, "height": 640}}):
        visitor = visitor_with(**options)
        page = visitor.page
        visitor.open("/")
        visitor.reject_all()
        visitor.open("/sikdatnes/apliecinajums/")
        found += violations(visitor)
        address = page.get_by_role("link", name="lasāms (.json)").get_attribute("href")
        receipt = page.request.get(visitor.site + str(address)).text()
        for text in (receipt, receipt.replace("refused", "given", 1), "{}"):
            visitor.open(CHECK)
            page.get_by_label("Apliecinājuma saturs").fill(text)
            page.get_by_role("button", name="Pārbaudīt").click()
            page.wait_for_load_state("load")
            found += violations(visitor)
            width = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
            assert width <= 0
        visitor.open(CHECK)
    assert found == []
