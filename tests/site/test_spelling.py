"""Latvian spelling of the interface and of the registry's texts, where hunspell and its dictionary are installed."""

import re
import shutil
import subprocess
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from babel.messages.pofile import read_po

ROOT = Path(__file__).resolve().parents[2]
HUNSPELL = shutil.which("hunspell")
# Names, abbreviations, parts of addresses, and the few words that the dictionary lacks.
KNOWN = {
    *(
        "Analytics",
        "Control",
        "Facebook",
        "Global",
        "Google",
        "Hotjar",
        "Privacy",
        "Meta",
        "Pixel",
        "Aegis",
        "Authenticator",
        "Microsoft",
        "FreeOTP",
        "OSS",
        "Networks",
    ),
    *(
        "consent",
        "Ed",
        "json",
        "jws",
        "log",
        "seal",
        "Signature",
        "Web",
        "CSV",
        "GPC",
        "JSON",
        "RFC",
        "SHA",
        "QR",
        "TOTP",
        "VDAR",
        "SIA",
        "E",
        "e",
        "Pk",
        "Pr",
        "http",
        "https",
        "mailto",
        "tel",
    ),
    *("jaucējvērtība", "Priekšskatīt", "pieslēgšanos", "atiestatīt", "atiestatīts", "Atiestatīt"),
}
NOT_WORDS = re.compile(r"%\(\w+\)s|%[sd]|\{\w*\}|<[^>]+>|\w+://\S+|\S+@\S+")


def latvian_of_the_interface() -> Iterator[str]:
    for name in ("django", "djangojs"):
        with (ROOT / f"locale/lv/LC_MESSAGES/{name}.po").open("rb") as file:
            for message in read_po(file):
                if message.id and not str(message.id).endswith(("/", ">.json", ">.jws")):  # those are addresses
                    yield from message.string if isinstance(message.string, (list, tuple)) else [str(message.string)]


def latvian_of_the_registry(part: Any) -> Iterator[str]:
    """Every text that is named lv, at whatever depth."""
    if isinstance(part, list):
        for each in part:
            yield from latvian_of_the_registry(each)
    elif isinstance(part, dict):
        for name, value in part.items():
            if isinstance(value, str):
                yield from [value] if name == "lv" else []
            else:
                yield from latvian_of_the_registry(value)


def misspelt(texts: list[str]) -> set[str]:
    words = "\n".join(NOT_WORDS.sub(" ", text.replace("\N{SOFT HYPHEN}", "")) for text in texts)
    command = [str(HUNSPELL), "-d", "lv_LV", "-i", "utf-8", "-l"]
    result = subprocess.run(command, input=words, capture_output=True, text=True, check=False)
    if "Can't open" in result.stderr:
        pytest.skip("hunspell has no Latvian dictionary here")
    assert result.returncode == 0, result.stderr
    return set(result.stdout.split()) - KNOWN


@pytest.mark.skipif(HUNSPELL is None, reason="hunspell is not installed")
def test_every_word_is_in_the_dictionary() -> None:
    registry = tomllib.loads((ROOT / "consent/registry.toml").read_text(encoding="utf-8"))
    texts = [*latvian_of_the_interface(), *latvian_of_the_registry(registry)]
    assert len(texts) > 300
    assert misspelt(texts) == set()


@pytest.mark.skipif(HUNSPELL is None, reason="hunspell is not installed")
def test_a_slip_is_found() -> None:
    assert misspelt(["Sīkdatņu iestatījumi", "Sikdatņu iestatijumi"]) == {"Sikdatņu", "iestatijumi"}
