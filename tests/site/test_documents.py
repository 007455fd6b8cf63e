"""The documents describe what is."""

import re
from pathlib import Path

import pytest
from django.urls import reverse
from django.utils.translation import override

ROOT = Path(__file__).resolve().parents[2]
DOCUMENTS = [ROOT / name for name in ("README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "CHANGELOG.md")]
VARIABLE = re.compile(
    r"""(?:env\.\w+|boolean|service_id|environ\.get|whole_number|listed|positive|one_of)\(\s*"([A-Z_]+)"|\$\{([A-Z_]+):-""",
)
# Where a deployment's variables are read.
READERS = [
    "ossnet_site/settings.py",
    "ossnet_site/environment.py",
    "gunicorn.conf.py",
    "bin/_serve.py",
    "bin/_environment",
    "bin/test",
]


def table_cells(heading: str) -> list[list[str]]:
    """The rows of the README's table under ``heading``."""
    section = (ROOT / "README.md").read_text(encoding="utf-8").split(f"## {heading}\n")[1].split("\n## ")[0]
    rows = [line.strip("|").split("|") for line in section.splitlines() if line.startswith("|")]
    return [[cell.strip().strip("`") for cell in row] for row in rows[2:]]


def test_the_configuration_table_names_every_variable_that_is_read_and_no_other() -> None:
    read = {a or b for name in READERS for a, b in VARIABLE.findall((ROOT / name).read_text(encoding="utf-8"))}
    assert {row[0] for row in table_cells("Configuration")} == read
    assert len(read) > 8


def test_the_address_table_names_the_addresses_of_both_languages() -> None:
    rows = {(row[0], row[1]) for row in table_cells("Addresses")}
    for name in (
        "show-home",
        "show-contacts",
        "privacy:show-policy",
        "consent:cookie-settings",
        "consent:receipt",
        "consent:check",
    ):
        addresses = []
        for language in ("lv", "en"):
            with override(language):
                addresses.append(reverse(name))
        assert tuple(addresses) in rows


@pytest.mark.parametrize("document", [*DOCUMENTS, *sorted((ROOT / "docs").rglob("*.md"))], ids=lambda path: path.name)
def test_every_file_that_a_document_names_exists(document: Path) -> None:
    text = document.read_text(encoding="utf-8")
    links = [link.split("#")[0] for link in re.findall(r"\]\(([^)]+)\)", text) if "://" not in link]
    named = re.findall(
        r"`((?:bin|consent|privacy|ossnet_site|templates|static|tests|locale|docs|deploy)/[\w./-]+)`", text
    )
    for link in filter(None, links):
        assert (document.parent / link).exists(), link
    for name in named:
        assert (ROOT / name).exists(), name


def test_decisions_are_numbered_without_a_gap() -> None:
    numbers = [int(path.name[:4]) for path in sorted((ROOT / "docs" / "adr").glob("*.md"))]
    assert numbers == list(range(1, len(numbers) + 1))
    assert numbers
