"""Runs every point and prints one table; exits with 1 when a number falls short. See ``docs/performance.md``."""

import argparse
import os
import platform
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import date
from functools import cache
from pathlib import Path

from tests.benchmarks import browser, decisions, growth, memory, pages, start, weight
from tests.benchmarks.bench import Bench
from tests.benchmarks.report import Row, table
from tests.benchmarks.servers import ROOT

DOCUMENT = ROOT / "docs" / "performance.md"
BEGIN, END = "<!-- results -->", "<!-- end of results -->"


def main() -> int:
    """Everything, or the points that the command line names."""
    parser = argparse.ArgumentParser(prog="bin/bench", description=__doc__)
    parser.add_argument("points", nargs="*", help="numbers of the points to measure; all of them without any")
    parser.add_argument("--rounds", type=int, default=8)
    parser.add_argument("--seconds", type=float, default=1, help="of each load")
    parser.add_argument("--write", action="store_true", help="put the table into docs/performance.md")
    arguments = parser.parse_args()
    rows: list[Row] = []
    with tempfile.TemporaryDirectory() as folder:
        for name, run in points(Path(folder), arguments.rounds, arguments.seconds).items():
            if arguments.points and name.split()[0] not in arguments.points:
                continue
            started = time.monotonic()
            print(f"{name} …", end=" ", flush=True)
            found = run()
            print(f"{time.monotonic() - started:.0f} s", flush=True)
            for row in found:  # so that nothing is lost when the run is stopped
                print("  ", *[cell for cell in row.cells()[1:] if cell], sep=" | ", flush=True)
            rows += found
    rows.sort(key=lambda row: row.point)
    results = f"{machine()}, {date.today():%d.%m.%Y}\n\n{table(rows)}"  # noqa: DTZ011 - the day where it was measured
    print(f"\n{results}")
    if arguments.write:
        write(results)
    short = [row for row in rows if row.falls_short]
    print(f"\n{len(short)} of {sum(row.required is not None for row in rows)} required numbers fall short")
    return 1 if short else 0


def write(results: str) -> None:
    """Put the results between the marks of the document."""
    before, rest = DOCUMENT.read_text(encoding="utf-8").split(BEGIN)
    _old, after = rest.split(END)
    DOCUMENT.write_text(f"{before}{BEGIN}\n\n{results}\n\n{END}{after}", encoding="utf-8")


def points(folder: Path, rounds: int, seconds: float) -> dict[str, Callable[[], list[Row]]]:
    """What there is to measure, by number and name."""

    @cache
    def bench() -> Bench:
        return Bench(folder / "site")

    with_load: dict[str, Callable[[], list[Row]]] = {
        "1 pages": lambda: pages.measure(bench(), rounds=rounds, seconds=seconds),
        "4 decisions": lambda: decisions.measure(folder, rounds=rounds, seconds=seconds),
        "7 memory": lambda: memory.measure(bench(), seconds=seconds),
    }
    in_browser: dict[str, Callable[[], list[Row]]] = {"6 browser": lambda: browser.measure(bench(), rounds=rounds)}
    if not shutil.which("wrk"):
        print("wrk is not installed (Debian: apt-get install wrk): pages, decisions and memory are left out")
        with_load = {}
    if not (os.environ.get("CHROMIUM") or shutil.which("chromium")):
        print("There is no Chromium: what a visitor sees is left out")
        in_browser = {}
    return {
        **with_load,
        **in_browser,
        "1 render": lambda: pages.uncached(bench()),
        "5 weight": lambda: weight.measure(bench()),
        "8 start": lambda: start.measure(bench(), rounds=rounds),
        "9 growth": lambda: growth.measure(folder),
    }


def machine() -> str:
    """What the numbers were measured on."""
    model = [line for line in Path("/proc/cpuinfo").read_text().splitlines() if line.startswith("model name")]
    processor = model[0].partition(":")[2].strip() if model else platform.machine()
    return (
        f"{len(model) or 1} x {processor}, {platform.system()} {platform.release()}, Python {platform.python_version()}"
    )


if __name__ == "__main__":
    sys.exit(main())
