"""One table: what was measured beside what must be reached."""

import statistics
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Row:
    """A line of the table. ``required`` is None for what is only reported; ``at_least`` says which side is good."""

    point: int
    what: str
    values: Sequence[float]
    unit: str = ""
    required: float | None = None
    at_least: bool = True
    note: str = ""

    @property
    def median(self) -> float:
        """The middle of the rounds."""
        return statistics.median(self.values)

    @property
    def falls_short(self) -> bool:
        """Whether the median misses what is required."""
        if self.required is None:
            return False
        return self.median < self.required if self.at_least else self.median > self.required

    def cells(self) -> list[str]:
        """What, median, spread, required, verdict."""
        required = "" if self.required is None else f"{'≥' if self.at_least else '≤'} {number(self.required)}"
        verdict = "" if self.required is None else "falls short" if self.falls_short else "yes"
        spread = f"{number(min(self.values))} to {number(max(self.values))}" if len(self.values) > 1 else ""
        return [str(self.point), self.what, f"{number(self.median)} {self.unit}".strip(), spread, required, verdict,
                self.note]  # fmt: skip


def number(value: float) -> str:
    """Two decimals for ratios, none for what is large."""
    return f"{value:,.0f}" if abs(value) >= 100 or value == int(value) else f"{value:.2f}"


HEAD = ["point", "what", "median", "spread", "required", "reached", "note"]


def table(rows: Sequence[Row]) -> str:
    """Markdown."""
    lines = [HEAD, ["---"] * len(HEAD), *[row.cells() for row in rows]]
    return "\n".join("| " + " | ".join(cells) + " |" for cells in lines)
