"""Latvian is complete, and the compiled catalogue is the one that the text says."""

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest
from django.utils.translation import override

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def update() -> ModuleType:
    spec = importlib.util.spec_from_file_location("update", ROOT / "locale" / "update.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_every_string_of_the_code_is_translated_and_none_is_left_over(update: ModuleType) -> None:
    code = {(message.id, message.context) for message in update.catalogue_of_code() if message.id}
    stored = {(message.id, message.context) for message in update.stored_catalogue() if message.id}
    assert code == stored
    assert len(code) > 100
    assert update.missing(update.stored_catalogue()) == []


def test_placeholders_are_the_same_in_both_languages(update: ModuleType) -> None:
    for message in update.stored_catalogue():
        assert [str(error) for error in message.check()] == [], message.id


def test_the_compiled_catalogue_is_up_to_date(update: ModuleType) -> None:
    assert update.PO.with_suffix(".mo").read_bytes() == update.mo_bytes(update.stored_catalogue())
    assert update.PO.read_text(encoding="utf-8") == update.po_text(update.merged())
    assert update.EDITOR_PO.with_suffix(".mo").read_bytes() == update.mo_bytes(update.read(update.EDITOR_PO))
    assert update.missing(update.read(update.EDITOR_PO)) == []


def test_the_extractor_sees_python_and_templates(update: ModuleType) -> None:
    files = {file for file, _string, _context in update.strings_in_code()}
    assert {"consent/words.py", "templates/site/error.html"} <= files


def test_latvian_plurals_follow_one_other_zero(update: ModuleType) -> None:
    assert update.PLURALS in update.PO.read_text(encoding="utf-8")
    assert update.stored_catalogue().num_plurals == 3


def test_the_site_speaks_latvian_without_gettext_on_the_machine() -> None:
    from consent.words import listed

    with override("lv"):
        assert listed(["a", "b", "c"]) == "a, b un c"
