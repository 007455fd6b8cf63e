"""nginx in front of the site, as ``nginx.conf.template`` recommends it."""

import getpass
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

TEMPLATE = Path(__file__).with_name("nginx.conf.template")
SERVER = "        server 127.0.0.1:{} max_fails=1 fail_timeout=2s;"


class Front:
    """A running nginx."""

    def __init__(self, folder: Path, instances: Sequence[int], client_header_timeout: str) -> None:
        self.folder, self.port, self.client_header_timeout = folder, free_port(), client_header_timeout
        self.write(instances)

    def write(self, instances: Sequence[int]) -> None:
        """Its configuration, with the ports of the instances."""
        values = {
            "folder": str(self.folder),
            "user": getpass.getuser(),
            "port": str(self.port),
            "servers": "\n".join(SERVER.format(port) for port in instances),
            "client_header_timeout": self.client_header_timeout,
        }
        text = TEMPLATE.read_text()
        for name, value in values.items():
            text = text.replace("{{" + name + "}}", value)
        (self.folder / "nginx.conf").write_text(text)

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
