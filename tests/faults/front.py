"""nginx in front of the site: ``deploy/nginx.conf``, from which TLS alone is taken away."""

import os
import signal
import socket
import subprocess
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from tests.benchmarks.servers import free_port
from tests.faults import programs
from tests.faults.instance import until
from tests.nginx import shipped

FORMAT = "log_format upstreams '$request_method $status $upstream_addr $upstream_status';"


class Front:
    """A running nginx."""

    def __init__(self, folder: Path, instances: Sequence[int], client_header_timeout: str) -> None:
        self.folder, self.port, self.client_header_timeout = folder, free_port(), client_header_timeout
        self.write(instances)

    def write(self, instances: Sequence[int]) -> None:
        """Its configuration, with the ports of the instances."""
        changes = {
            r"worker_processes auto;": "worker_processes 2; daemon off;",
            r"error\.log emerg;": "error.log warn;",
            r"access_log off;": f"{FORMAT} access_log {self.folder}/access.log upstreams;",
            r"(?s)    # Who asks for another host.*(?=    server \{\s+listen 443 ssl http2;)": "",
            r"listen 443 ssl http2;": f"listen 127.0.0.1:{self.port};",
            r"ssl_certificate\w* .*": "",
            r"\$scheme": "https",
            r"client_header_timeout 10s;": f"client_header_timeout {self.client_header_timeout};",
        }
        (self.folder / "nginx.conf").write_text(shipped(self.folder, instances, changes))

    def leave_to(self, *instances: int) -> None:
        """Read another list of instances, as ``nginx -s reload`` does; requests on their way end where they began."""
        self.write(instances)
        before = self.workers()
        os.kill(int((self.folder / "nginx.pid").read_text()), signal.SIGHUP)
        until(lambda: not before & self.workers(), "the end of the processes with the earlier list")

    def workers(self) -> set[str]:
        """The process ids."""
        master = (self.folder / "nginx.pid").read_text().strip()
        return set(Path(f"/proc/{master}/task/{master}/children").read_text().split())

    def start(self) -> subprocess.Popen[bytes]:
        """Until it listens."""
        command = [programs.nginx(), "-p", str(self.folder), "-e", f"{self.folder}/error.log", "-c"]
        process = subprocess.Popen([*command, f"{self.folder}/nginx.conf"])
        until(self.listens, f"nginx\n{self.said()}")
        return process

    def listens(self) -> bool:
        """Whether somebody takes connections."""
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0

    def said(self) -> str:
        """Everything that it logged of errors."""
        log = self.folder / "error.log"
        return log.read_text() if log.exists() else ""

    def answered_by(self) -> Counter[int]:
        """How many requests each instance answered in the end, by its port."""
        lines = [line.split(" ", 2) for line in (self.folder / "access.log").read_text().splitlines()]
        last = [rest.split(" ") for _method, _status, rest in lines]
        return Counter(int(address.rpartition(":")[2]) for address in self._last_addresses(last))

    @staticmethod
    def _last_addresses(upstreams: Sequence[Sequence[str]]) -> Iterator[str]:
        """Several addresses are separated by commas, the last is the one that answered, and its status is the last."""
        for words in upstreams:
            addresses = words[: len(words) // 2]
            if words[-1] not in ("502", "504", "-") and addresses:
                yield addresses[-1]


@contextmanager
def front(*instances: int, client_header_timeout: str = "10s") -> Iterator[Front]:
    """nginx, which ends with the test."""
    with tempfile.TemporaryDirectory() as folder:
        running = Front(Path(folder), instances, client_header_timeout)
        process = running.start()
        try:
            yield running
        finally:
            process.terminate()
            process.wait(timeout=30)
