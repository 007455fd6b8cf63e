"""Point 8: how long a start takes, and what it imports."""

import os
import re
import subprocess
import sys
import time

from tests.benchmarks.bench import BROTLI, Bench
from tests.benchmarks.report import Row
from tests.benchmarks.servers import ROOT, Request, gunicorn

LINE = re.compile(r"import time:\s+(\d+) \|\s+\d+ \| \s*(\S+)")
# What no page of a visitor needs; staff pages import the first two when they are asked for, receipts the next two, a
# setting the two after.
HEAVY = ("lxml.html.diff", "segno", "joserfc", "cryptography.hazmat", "sentry_sdk", "prometheus_client", "numpy", "PIL")


def measure(bench: Bench, *, rounds: int) -> list[Row]:
    """Reported; required is only that nothing heavy comes along."""
    check = [timed([sys.executable, "manage.py", "check"], bench) for _round in range(rounds)]
    starts = []
    for _round in range(rounds):
        started = time.monotonic()
        with gunicorn("ossnet_site.wsgi", bench.env) as site:
            site.get(Request("/", headers=BROTLI))
            starts.append(time.monotonic() - started)
    command = [sys.executable, "-X", "importtime", "-c", "import ossnet_site.wsgi"]
    env = {**os.environ, **bench.env}
    listing = subprocess.run(command, cwd=ROOT, env=env, check=True, capture_output=True, text=True)
    own: dict[str, float] = {}
    for microseconds, module in LINE.findall(listing.stderr):
        package = module.partition(".")[0]
        own[package] = own.get(package, 0) + int(microseconds) / 1000
    modules = {module for _microseconds, module in LINE.findall(listing.stderr)}
    most = sorted(own.items(), key=lambda pair: -pair[1])[:6]
    heavy = [module for module in HEAVY if module in modules]
    return [
        Row(8, "manage.py check", check, "s"),
        Row(8, "start until the first page", starts, "s"),
        Row(8, "imports", [sum(own.values())], "ms", note=", ".join(f"{name} {ms:.0f}" for name, ms in most)),
        Row(8, "heavy modules that no visitor needs", [len(heavy)], "", 0, at_least=False, note=", ".join(heavy)),
    ]


def timed(command: list[str], bench: Bench) -> float:
    """Seconds."""
    started = time.monotonic()
    subprocess.run(command, cwd=ROOT, env={**os.environ, **bench.env}, check=True, capture_output=True)
    return time.monotonic() - started
