"""The lock files."""

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def pins(name: str) -> set[str]:
    return set(re.findall(r"^[a-z0-9-]+==\S+", (ROOT / name).read_text(), re.MULTILINE))


def test_the_test_environment_holds_exactly_what_production_runs() -> None:
    assert pins("requirements.lock") < pins("requirements-dev.lock")


def test_every_pin_has_hashes_and_no_address_of_an_index_is_named() -> None:
    for name in ("requirements.lock", "requirements-dev.lock"):
        text = (ROOT / name).read_text()
        assert text.count("--hash=sha256:") >= len(pins(name)) > 5
        assert all("--hash" in block for block in re.split(r"^(?=[a-z0-9])", text, flags=re.MULTILINE) if "==" in block)
        assert "://" not in text
        assert "--index" not in text
