"""Point 7: what a further worker takes, and whether a day's requests leave anything behind."""

from pathlib import Path

from tests.benchmarks.bench import BROTLI, Bench
from tests.benchmarks.report import Row
from tests.benchmarks.servers import Request, gunicorn

PATHS = ["/privatuma-politika/", "/", "/sikdatnes/", "/privatuma-politika/versijas/", "/en/privacy-policy/"]
GROWTH = 1.0  # megabytes that count as none: what the allocator keeps


def measure(bench: Bench, *, seconds: float) -> list[Row]:
    """Of two workers the one with more requests, then one under load."""
    requests = [*bench.visitors(), *(Request(path, headers=BROTLI) for path in PATHS)]
    with gunicorn("ossnet_site.wsgi", bench.env, workers=2) as site:
        site.load(bench.folder, requests, 4 * seconds)
        private = [megabytes(pid) for pid in site.workers()]
    with gunicorn("ossnet_site.wsgi", bench.env) as site:
        sent = site.load(bench.folder, requests, 8 * seconds).requests
        (worker,) = site.workers()
        before = megabytes(worker)
        sent = site.load(bench.folder, requests, 8 * seconds).requests
        grown = megabytes(worker) - before
    return [
        Row(7, "private memory of the worker that had most to do", [max(private)], "MB", 25, at_least=False),
        Row(7, "its growth", [grown], "MB", GROWTH, at_least=False, note=f"over {sent:,} requests after as many"),
    ]


def megabytes(pid: int) -> float:
    """What no other process shares."""
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    return sum(int(line.split()[1]) for line in lines if line.startswith(("Private_Clean", "Private_Dirty"))) / 1024
