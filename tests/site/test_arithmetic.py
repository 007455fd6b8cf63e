"""What ``docs/scale.md`` says of many requests follows from the rates in it."""

import pytest

from tests.benchmarks import arithmetic
from tests.benchmarks.arithmetic import DOCUMENT, MIX, RESULTS

TEXT = DOCUMENT.read_text(encoding="utf-8")


def test_the_document_holds_what_its_rates_come_to() -> None:
    assert arithmetic.between(TEXT, RESULTS).strip()
    assert arithmetic.with_results(TEXT) == TEXT, "python -m tests.benchmarks.arithmetic --write"


def test_nothing_else_in_the_document_is_touched() -> None:
    empty = arithmetic.replaced(TEXT, RESULTS, "\n")
    assert len(empty) < len(TEXT)
    assert arithmetic.with_results(empty) == TEXT
    assert TEXT.count("in the busiest one | from") == 1


def test_the_requests_add_up_to_a_hundred() -> None:
    assert sum(MIX.values()) == 100


def test_a_slower_page_takes_more_processes() -> None:
    changed = arithmetic.with_rates(TEXT, {"undecided": "500"})
    assert arithmetic.rates_of(changed)["undecided"] == 500

    def processes(text: str) -> float:
        lines = arithmetic.compute(arithmetic.rates_of(text))
        return next(line.values[-1] for line in lines if line.what.startswith("web processes"))

    assert processes(changed) > processes(TEXT) + 100  # 50,000 requests at 500 a second and half a core's time


def test_a_rate_that_the_table_lacks_is_refused() -> None:
    with pytest.raises(KeyError, match="undecidedd"):
        arithmetic.with_rates(TEXT, {"undecidedd": "500"})
