"""The lock files."""

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def pins(name: str) -> set[str]:
    return set(re.findall(r"^[a-z0-9-]+(?:\[[a-z, -]+\])?==\S+", (ROOT / name).read_text(), re.MULTILINE))


def test_the_test_environment_holds_exactly_what_production_runs() -> None:
    assert pins("requirements.lock") < pins("requirements-dev.lock")


def test_every_pin_has_hashes_and_no_address_of_an_index_is_named() -> None:
    for name in ("requirements.lock", "requirements-dev.lock"):
        text = (ROOT / name).read_text()
        assert text.count("--hash=sha256:") >= len(pins(name)) > 5
        assert all("--hash" in block for block in re.split(r"^(?=[a-z0-9])", text, flags=re.MULTILINE) if "==" in block)
        assert "://" not in text
        assert "--index" not in text


def test_a_pin_names_the_extras_that_another_package_wants_it_with() -> None:
    # pip 23.2, which comes with Python 3.11, takes a bare pin for another package as soon as a newer release is out.
    text = (ROOT / "requirements-dev.lock").read_text()
    assert "\ncoverage[toml]==" in text  # pytest-cov wants it so
    assert "\npsycopg[binary, pool]==" in text  # and this project
