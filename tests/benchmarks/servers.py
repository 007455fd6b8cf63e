"""Starts and stops what is measured, and the load on it. Everything listens on loopback."""

import http.client
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
HERE = Path(__file__).resolve().parent
CONNECTIONS = 8


@dataclass(frozen=True)
class Request:
    """One request of a visitor."""

    path: str = "/privatuma-politika/"
    method: str = "GET"
    body: str = ""
    headers: tuple[tuple[str, str], ...] = ()

    def line(self) -> str:
        """As ``load.lua`` reads it."""
        joined = "\1".join(f"{name}={value}" for name, value in self.headers)
        return f"{self.method}\t{self.path}\t{joined}\t{self.body}"


@dataclass(frozen=True)
class Load:
    """What a server did: answers a second, microseconds at the median and at the 99th percentile, and what failed.

    ``processor`` is the microseconds of processor that its workers took for each answer: what a noisy machine does to
    the rates, it does less to these.
    """

    requests: int
    rate: float
    p50: float
    p99: float
    bad_status: int
    broken: int
    processor: float


def on_core(core: int) -> list[str]:
    """The words that keep a command on one core, where there is more than one."""
    several = (os.cpu_count() or 1) > 1 and shutil.which("taskset")
    return ["taskset", "-c", str(core)] if several else []


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def gunicorn(application: str, environment: Mapping[str, str], *, workers: int = 1) -> Iterator["Server"]:
    """The application as ``gunicorn.conf.py`` runs it, on the first core."""
    port = free_port()
    command = [sys.executable, "-m", "gunicorn", "--bind", f"127.0.0.1:{port}", "--workers", str(workers), application]
    # As bin/serve and the Dockerfile start it.
    env = {**os.environ, "MALLOC_ARENA_MAX": "1", "MALLOC_MMAP_THRESHOLD_": "524288", **environment}
    process = subprocess.Popen([*on_core(0), *command], cwd=ROOT, env=env)
    try:
        server = Server(port, process.pid)
        server.wait()
        yield server
    finally:
        process.terminate()
        process.wait(timeout=40)


@dataclass(frozen=True)
class Server:
    """A running gunicorn."""

    port: int
    pid: int

    def wait(self) -> None:
        """Until it listens; 20 seconds at most."""
        for _attempt in range(2000):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            time.sleep(0.01)
        raise TimeoutError("gunicorn did not start")

    def get(self, request: Request) -> http.client.HTTPResponse:
        """One answer, read."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        connection.request(request.method, request.path, body=request.body or None, headers=dict(request.headers))
        answer = connection.getresponse()
        answer.body = answer.read()  # type: ignore[attr-defined]
        connection.close()
        return answer

    def workers(self) -> list[int]:
        """The process ids of the workers."""
        return [int(pid) for pid in Path(f"/proc/{self.pid}/task/{self.pid}/children").read_text().split()]

    def processor(self) -> float:
        """Seconds of processor that the workers have taken so far."""
        ticks = 0
        for pid in self.workers():
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
            ticks += int(fields[11]) + int(fields[12])  # of the user and of the system, see proc(5)
        return ticks / os.sysconf("SC_CLK_TCK")

    def load(self, folder: Path, requests: Sequence[Request], seconds: float) -> Load:
        """Send the requests in turn over 8 connections from the second core."""
        file = folder / "requests.tsv"
        file.write_text("".join(f"{request.line()}\n" for request in requests))
        wrk = ["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{max(1, round(seconds))}s", "-s", str(HERE / "load.lua")]
        before = self.processor()
        result = subprocess.run(
            [*on_core(1), *wrk, f"http://127.0.0.1:{self.port}/"],
            env={**os.environ, "BENCH_REQUESTS": str(file)},
            capture_output=True,
            text=True,
            check=True,
        )
        (line,) = [line for line in result.stdout.splitlines() if line.startswith("RESULT")]
        count, microseconds, p50, p99, bad, broken = map(int, line.split()[1:])
        processor = (self.processor() - before) / max(1, count) * 1e6
        return Load(count, count / microseconds * 1e6, p50, p99, bad, broken, processor)
