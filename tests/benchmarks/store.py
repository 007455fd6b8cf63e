"""``python -m tests.benchmarks.store``: what counting a decision takes of the shared store.

The site's own ``ossnet_site.limits`` counts. Starts a Redis or Valkey of its own on loopback; Debian's package
redis-tools is enough, whose redis-check-rdb is the server under another name.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import redis

from tests.benchmarks.bench import environment
from tests.benchmarks.servers import ROOT, free_port

SERVER = shutil.which("redis-server") or shutil.which("valkey-server") or shutil.which("redis-check-rdb")
CLIENTS = 20_000
ROUNDS = 5


@contextmanager
def server() -> Iterator[tuple[int, int]]:
    """Port and process id."""
    if not SERVER:
        sys.exit("There is no Redis and no Valkey (Debian: apt-get install redis-tools)")
    port = free_port()
    with tempfile.TemporaryDirectory() as folder:
        options = ["--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", folder]
        process = subprocess.Popen(["redis-server", *options], executable=SERVER, stdout=subprocess.DEVNULL)
        try:
            yield port, process.pid
        finally:
            process.terminate()
            process.wait(timeout=20)


def count(port: int, pid: int) -> None:
    """One decision of each client in each round, within both windows."""
    import django

    django.setup()
    from django.conf import settings

    from ossnet_site import limits

    store = redis.Redis(port=port)
    empty = store.info("memory")["used_memory"]
    limiter = limits._shared(f"redis://127.0.0.1:{port}")
    times = []
    for _round in range(ROUNDS):
        before = processor(pid)
        for client in range(CLIENTS):
            assert limits._count(limiter, "decision", f"{client:064x}") is None
        times.append((processor(pid) - before) / CLIENTS)
    kept = (store.info("memory")["used_memory"] - empty) / CLIENTS
    print(f"{settings.RATE_LIMITS['decision']}: processor of the store for a decision, each round, µs:", end=" ")
    print(*(f"{microseconds:.0f}" for microseconds in times), f"; {kept:,.0f} bytes for each client")


def processor(pid: int) -> float:
    """Microseconds that the server has run so far, see proc(5)."""
    return int(Path(f"/proc/{pid}/schedstat").read_text().split()[0]) / 1000


def main() -> int:
    """Start the server, then count inside the site's settings."""
    with server() as (port, pid):
        env = {**os.environ, **environment("sqlite://:memory:"), "RATE_LIMIT_DECISIONS": "60/minute;600/hour"}
        command = [sys.executable, "-m", "tests.benchmarks.store", str(port), str(pid)]
        return subprocess.run(command, cwd=ROOT, env=env, check=False).returncode


if __name__ == "__main__":
    if sys.argv[1:]:
        count(int(sys.argv[1]), int(sys.argv[2]))
    else:
        sys.exit(main())
