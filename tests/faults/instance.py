"""The site as gunicorn runs it, to be killed and started again."""

import http.client
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from tests.benchmarks.servers import free_port
from tests.faults.programs import ROOT

# Seconds. Nothing here takes a tenth of it on a machine that is at rest; whoever waits goes on at once.
PATIENCE = 60
LOADER = re.compile(r"js/(google-analytics|meta-pixel|hotjar)")
# What the front would say of a visitor who came over HTTPS.
BY_FRONT = {"X-Forwarded-Proto": "https", "X-Forwarded-For": "192.0.2.1"}


def until(done: Callable[[], object], what: str) -> None:
    """Wait; raises TimeoutError."""
    end = time.monotonic() + PATIENCE
    while not done():
        if time.monotonic() > end:
            raise TimeoutError(f"not within {PATIENCE} seconds: {what}")
        time.sleep(0.02)


class Instance:
    """One gunicorn: a master and its workers, in a process group of their own."""

    def __init__(
        self,
        env: Mapping[str, str],
        log: Path,
        *,
        workers: int = 2,
        root: Path = ROOT,
        options: Sequence[str] = (),
    ) -> None:
        self.env, self.log, self.workers_wanted, self.root, self.options = env, log, workers, root, options
        self.port = free_port()
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Until a worker answers."""
        self.begin()
        self.wait()

    def begin(self) -> None:
        """Start, and come back at once."""
        command = [sys.executable, "-m", "gunicorn", "--bind", f"127.0.0.1:{self.port}"]
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [*command, "--workers", str(self.workers_wanted), *self.options, "ossnet_site.wsgi"],
                cwd=self.root,
                env={**os.environ, **self.env},
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def wait(self) -> None:
        """Until a worker answers."""
        until(lambda: self.status("/healthz/live") == 200, f"an answer\n{self.said()}")

    @property
    def master(self) -> int:
        """The process id."""
        assert self.process is not None
        return self.process.pid

    def workers(self) -> list[int]:
        """The process ids."""
        return [int(pid) for pid in Path(f"/proc/{self.master}/task/{self.master}/children").read_text().split()]

    def kill_worker(self) -> None:
        """``kill -9``; the master starts another."""
        victim = self.workers()[0]
        os.kill(victim, signal.SIGKILL)
        until(lambda: victim not in self.workers(), "the end of a worker")

    def kill_master(self) -> None:
        """``kill -9``; the workers notice that they are alone, and end."""
        assert self.process is not None
        self.process.kill()
        self.process.wait()

    def kill_all(self) -> None:
        """``kill -9`` of the master and all workers at once."""
        if self.process is not None:
            with suppress(ProcessLookupError):
                os.killpg(self.master, signal.SIGKILL)
            self.process.wait()

    def stop(self) -> None:
        """As a service manager does, which lets every request end."""
        assert self.process is not None
        self.process.terminate()
        self.process.wait(timeout=PATIENCE)

    def status(self, path: str) -> int:
        """Of a GET; 0 when there is no answer."""
        try:
            return get(self.port, path).status
        except OSError:
            return 0

    def said(self) -> str:
        """Everything that it logged."""
        return self.log.read_text(errors="replace") if self.log.exists() else ""


class Answer:
    """What a server said."""

    def __init__(self, response: http.client.HTTPResponse) -> None:
        self.status = response.status
        self.headers = response.headers
        self.text = response.read().decode()

    @property
    def runs_services(self) -> bool:
        """Whether a service's script is in it, or could run in it."""
        policy = self.headers.get("Content-Security-Policy", "")
        return bool(LOADER.search(self.text)) or any(host in policy for host in ("google", "facebook", "hotjar"))


def get(port: int, path: str, *, method: str = "GET", **headers: str) -> Answer:
    """One request on a connection of its own. Raises OSError or HTTPException."""
    return ask(port, method, path, None, headers)


def ask(port: int, method: str, path: str, body: str | None, headers: Mapping[str, str]) -> Answer:
    """The same with a body. Underscores in the names of headers stand for hyphens."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
    named = {name.replace("_", "-"): value for name, value in headers.items() if value}
    try:
        connection.request(method, path, body=body, headers={**BY_FRONT, **named})
        return Answer(connection.getresponse())
    finally:
        connection.close()
