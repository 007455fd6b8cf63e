"""``python -m tests.benchmarks.arithmetic [--write] [NAME=VALUE …]``: what so many requests need.

The rates are those of the table in ``docs/scale.md``; ``NAME=VALUE`` replaces one of them. Prints both tables, and with
``--write`` puts them into the document, so that nothing there is computed by hand.
"""

import argparse
import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from math import ceil

from tests.benchmarks.servers import ROOT

DOCUMENT = ROOT / "docs" / "scale.md"
RATES, RESULTS = "rates", "results of the arithmetic"  # what the marks in the document name
ROW = re.compile(r"^\| ([a-z_0-9]+) \| ([0-9.,]+) \|", re.MULTILINE)
REQUESTS = (10, 1_000, 100_000)  # a second, in the busiest one
# Of a hundred requests that reach the site; the front answers those for static files. Two decisions in a hundred are
# many: a visitor is asked once in half a year.
MIX = {"undecided": 50, "signal": 8, "decided": 30, "unchanged": 10, "decision_postgresql": 2}
DECISIONS = MIX["decision_postgresql"] / 100
BUSY = 0.5  # of each core in the busiest second: the rest is for what is not foreseen, and for a short queue
PEAK = 4  # the busiest second against the mean of a day
KEPT = 912  # days: 182 of validity and 24 months
CONNECTIONS = 4  # of a process, one for each thread
CHANGES, MADE = 24, 100  # changes of content a day, and the pages in their states that each process makes anew for each
COUNTED = 7200  # seconds for which the shared store knows a client at most: twice the longer of the two windows
DAY = 86_400  # seconds


@dataclass(frozen=True)
class Line:
    """A quantity for each number of requests; ``how`` says what it was computed from."""

    what: str
    how: str
    values: tuple[float, ...]

    def __str__(self) -> str:
        return "| " + " | ".join([self.what, self.how, *map(short, self.values)]) + " |"


def short(value: float) -> str:
    """Two or three digits that count."""
    if value >= 1e9:
        return f"{value / 1e9:,.3g} billion"
    if value >= 1e6:
        return f"{value / 1e6:,.3g} million"
    if value < 0.001:
        return "below 0.001"
    return f"{value:,.0f}" if value >= 100 or value == int(value) else f"{value:.2g}"


def compute(rates: Mapping[str, float]) -> list[Line]:
    """Each step, one line."""
    lines = [
        Line(f"requests for {name}", f"{MIX[name]} of 100", tuple(r * MIX[name] / 100 for r in REQUESTS))
        for name in ("undecided", "signal", "decided", "unchanged")
    ]
    lines.append(Line("decisions", f"{MIX['decision_postgresql']} of 100", tuple(r * DECISIONS for r in REQUESTS)))
    return lines + web(rates) + database(rates) + around(rates)


def web(rates: Mapping[str, float]) -> list[Line]:
    """Cores and processes for pages and decisions."""
    pages = tuple(
        sum(r * share / 100 / rates[name] for name, share in MIX.items() if name != "decision_postgresql")
        for r in REQUESTS
    )
    decisions = tuple(r * DECISIONS / rates["decision_postgresql"] for r in REQUESTS)
    cores = [max(2, ceil((page + decision) / BUSY)) for page, decision in zip(pages, decisions, strict=True)]
    anew = tuple(n * MADE * CHANGES * rates["render_ms"] / 1000 / DAY for n in cores)
    return [
        Line("cores' worth of pages", "each state's requests / its rate, added up", pages),
        Line("cores' worth of decisions", "decisions / their rate on PostgreSQL", decisions),
        Line("web processes, one a core", f"both / {BUSY:g}, at least 2", tuple(map(float, cores))),
        Line("cores' worth of pages made anew", f"processes × {MADE} pages × {CHANGES} changes a day × render", anew),
        Line("connections to the database", f"processes × {CONNECTIONS}", tuple(float(n * CONNECTIONS) for n in cores)),
        Line("looks at the stamp", "one a second and process", tuple(map(float, cores))),
    ]


def database(rates: Mapping[str, float]) -> list[Line]:
    """What the one server that is written to bears."""
    decisions = [r * DECISIONS for r in REQUESTS]
    a_day = [d / PEAK * DAY for d in decisions]
    kept = [d * KEPT for d in a_day]

    def each(values: list[float], factor: float) -> tuple[float, ...]:
        return tuple(value * factor for value in values)

    on_sqlite = each(decisions, 1 / rates["decision_sqlite"])
    server = each(decisions, rates["server_us"] / 1e6)
    purged = each(a_day, 1 / rates["purge_rate"])
    return [
        Line("cores' worth of decisions in the server", "decisions × its processor for one", server),
        Line("share of SQLite's one writer", "decisions / their rate on SQLite", on_sqlite),
        Line("log, MB a second", "decisions × log of one", each(decisions, rates["log_bytes"] / 1e6)),
        Line("records a day", f"decisions / {PEAK} × {DAY:,} s", tuple(a_day)),
        Line("records kept", f"records a day × {KEPT} days", tuple(kept)),
        Line("table and indexes, GB", "records kept × bytes of one", each(kept, rates["record_bytes"] / 1e9)),
        Line("daily purge, s", "records a day / rate of the purge", purged),
    ]  # fmt: skip


def around(rates: Mapping[str, float]) -> list[Line]:
    """Shared store and front."""
    counting = tuple(r * DECISIONS * rates["store_us"] / 1e6 for r in REQUESTS)
    counted = tuple(r * DECISIONS * COUNTED * rates["client_bytes"] / 1e9 for r in REQUESTS)
    return [
        Line("cores' worth of counts in the shared store", "decisions × its processor for one", counting),
        Line("memory of the shared store, GB", f"decisions × {COUNTED:,} s × bytes of a client", counted),
        Line("front, Mbit a second", "requests × page", tuple(r * rates["page_bytes"] * 8 / 1e6 for r in REQUESTS)),
    ]


def results(rates: Mapping[str, float]) -> str:
    """Markdown."""
    head = ["a second, in the busiest one", "from", *(f"{r:,} requests" for r in REQUESTS)]
    rows = ["| " + " | ".join(head) + " |", "|---|---|" + "---|" * len(REQUESTS), *map(str, compute(rates))]
    return "\n".join(rows)


def between(text: str, name: str) -> str:
    """What stands between the marks of that name."""
    return text.partition(f"<!-- {name} -->")[2].partition(f"<!-- end of {name} -->")[0]


def replaced(text: str, name: str, new: str) -> str:
    """The text with something else between these marks."""
    before, mark, rest = text.partition(f"<!-- {name} -->")
    _old, end, after = rest.partition(f"<!-- end of {name} -->")
    return before + mark + new + end + after


def rates_of(text: str) -> dict[str, float]:
    """The table of rates, as the document has it."""
    return {name: float(value.replace(",", "")) for name, value in ROW.findall(between(text, RATES))}


def with_rates(text: str, new: Mapping[str, str]) -> str:
    """The document with these in its table of rates. Raises KeyError for a name that the table lacks."""
    table = between(text, RATES)
    for name, value in new.items():
        table, found = re.subn(
            rf"^\| {re.escape(name)} \| [^|]* \|", f"| {name} | {value} |", table, flags=re.MULTILINE
        )
        if not found:
            raise KeyError(name)
    return replaced(text, RATES, table)


def with_results(text: str) -> str:
    """The document with what its rates come to."""
    return replaced(text, RESULTS, f"\n{results(rates_of(text))}\n")


def main() -> int:
    """Print, and write when told to."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.arithmetic", description=__doc__)
    parser.add_argument("new", nargs="*", metavar="NAME=VALUE", help="a rate of the table, such as undecided=4,100")
    parser.add_argument("--write", action="store_true", help="put both tables into docs/scale.md")
    arguments = parser.parse_args()
    text = DOCUMENT.read_text(encoding="utf-8")
    text = with_results(with_rates(text, dict(pair.split("=", 1) for pair in arguments.new)))
    print(between(text, RATES) + between(text, RESULTS))
    if arguments.write:
        DOCUMENT.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
