"""The shipped fronts on loopback: nginx and Caddy with the files of ``deploy/``, but for ports, paths and addresses."""

import contextlib
import http.client
import os
import re
import shutil
import socket
import ssl
import subprocess
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

from tests.deployment.conftest import HOST, free_port
from tests.deployment.container import ROOT
from tests.nginx import shipped

DEPLOYMENT = ROOT / "docs" / "deployment.md"
BREAKS_OFF = "/breaks-off/"

FRONTS = ["nginx", "caddy"]
CLIENT = "127.0.0.2"  # where our browsers are, so that their address in a log is told from all others


@dataclass(frozen=True)
class Front:
    """A front that runs, or would; ``start`` is the command."""

    start: list[str]
    check: list[str]
    env: dict[str, str]
    http_port: int
    https_port: int
    log: Path

    def ask(
        self, path: str, method: str = "GET", body: bytes = b"", **headers: str
    ) -> tuple[http.client.HTTPResponse, bytes]:
        """A request as a browser sends it, over TLS."""
        names = {name.replace("_", "-"): value for name, value in headers.items()}
        with contextlib.closing(http.client.HTTPConnection(HOST)) as connection:
            connection.sock = self.connect()
            connection.request(method, path, body or None, names)
            answer = connection.getresponse()
            with answer:
                return answer, answer.read()

    def connect(self, *protocols: str) -> ssl.SSLSocket:
        """A connection over TLS; whose certificate it is does not matter here."""
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        context.set_alpn_protocols(protocols)
        plain = socket.create_connection(("127.0.0.1", self.https_port), 20, source_address=(CLIENT, 0))
        return context.wrap_socket(plain, server_hostname=HOST)


def nginx(folder: Path, upstreams: Sequence[int], files: Path) -> Front:
    """Made from ``deploy/nginx.conf``."""
    need("openssl")
    http_port, https_port = free_port(), free_port()
    certificate = [
        "-x509",
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:prime256v1",
        "-nodes",
        "-subj",
        f"/CN={HOST}",
    ]
    key, chain = folder / "privkey.pem", folder / "fullchain.pem"
    subprocess.run(["openssl", "req", *certificate, "-keyout", key, "-out", chain], check=True, capture_output=True)
    changes = {
        r"worker_processes auto;": "worker_processes 1;",
        r"listen 80\b": f"listen 127.0.0.1:{http_port}",
        r"listen 443\b": f"listen 127.0.0.1:{https_port}",
        rf"/etc/letsencrypt/live/{HOST}": str(folder),
        r"root /srv/ossnet;": f"root {files};",
        r"client_header_timeout 10s;": "client_header_timeout 1s;",
    }
    (folder / "nginx.conf").write_text(shipped(folder, upstreams, changes))
    command = ["nginx", "-e", str(folder / "error.log"), "-c", str(folder / "nginx.conf")]
    return Front(
        [*command, "-g", "daemon off;"], [*command, "-t"], dict(os.environ), http_port, https_port, folder / "error.log"
    )


def caddy(folder: Path, upstreams: Sequence[int], files: Path) -> Front:
    """Made from ``deploy/Caddyfile``, with certificates of Caddy's own."""
    http_port, https_port = free_port(), free_port()
    ports = (f"http_port {http_port}", f"https_port {https_port}", "default_bind 127.0.0.1")
    options = "".join(f"\t{line}\n" for line in (*ports, "admin off", "local_certs", "skip_install_trust"))
    config = (ROOT / "deploy" / "Caddyfile").read_text()
    changes = {
        "\n{\n": "\n{\n" + options,
        "read_header 10s": "read_header 1s",
        "try_duration 30s": "try_duration 300ms",
    }
    if buffers := buffers_of_old():
        changes["request_buffers 9MB"] = buffers
    for old, new in changes.items():
        assert config.count(old) == 1, old
        config = config.replace(old, new)
    (folder / "Caddyfile").write_text(config)
    own = {name: str(folder) for name in ("HOME", "XDG_DATA_HOME", "XDG_CONFIG_HOME")}
    addresses = " ".join(f"127.0.0.1:{port}" for port in upstreams)
    site = {"SITE_ADDRESS": HOST, "SITE_UPSTREAMS": addresses, "SITE_FILES": str(files)}
    named = ["--config", str(folder / "Caddyfile"), "--adapter", "caddyfile"]
    env = {"PATH": os.environ["PATH"], **own, **site}
    commands = ["caddy", "run", *named], ["caddy", "validate", *named]
    return Front(*commands, env, http_port, https_port, folder / "error.log")


def buffers_of_old() -> str:
    """What docs/deployment.md has in the place of ``request_buffers`` for Caddy 2.6; empty for a newer one."""
    version = subprocess.run(["caddy", "version"], capture_output=True, text=True, check=True).stdout
    if not version.lstrip("v").startswith("2.6."):
        return ""
    (lines,) = re.findall(r"^(buffer_requests\nmax_buffer_size .+)$", DEPLOYMENT.read_text(), re.MULTILINE)
    return str(lines).replace("\n", "\n\t\t\t")


def need(program: str) -> None:
    """Skip without it; where all is to be tested, fail."""
    if shutil.which(program) is None:
        assert os.environ.get("CI") != "true", f"{program} is not installed"
        pytest.skip(f"{program} is not installed (on Debian: apt-get install {program})")


def make(kind: str, folder: Path, upstreams: Sequence[int], files: Path) -> Front:
    need(kind)
    return {"nginx": nginx, "caddy": caddy}[kind](folder, upstreams, files)


@contextlib.contextmanager
def running(front: Front) -> Iterator[Front]:
    """Until the front answers on its port for HTTPS; ended with the block."""
    with front.log.open("ab") as log:
        process = subprocess.Popen(front.start, env=front.env, stderr=log)
    try:
        for _attempt in range(200):
            assert process.poll() is None, "it ended at once"
            with contextlib.suppress(OSError):
                front.connect().close()
                break
            time.sleep(0.05)
        yield front
    finally:
        process.terminate()
        process.wait(20)


class Machine(ThreadingHTTPServer):
    """In the place of the site; ``arrived`` are the addresses that it was asked for, probes left out."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Echo)
        self.arrived: list[str] = []


class Echo(BaseHTTPRequestHandler):
    """Answers with the headers that reached it; breaks off in the middle where the address says so."""

    server: Machine

    def do_POST(self) -> None:
        self.server.arrived.append(self.path)
        self.rfile.read(int(self.headers["Content-Length"]))
        self.do_GET()

    def do_GET(self) -> None:
        body = str(self.headers).encode()
        if self.path == BREAKS_OFF:
            self.wfile.write(b"HTTP/1.0 200 OK\r\nContent-Length: 100000\r\n\r\n" + b"x" * 50_000)
            return
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args: object) -> None:
        """Nothing."""


@contextlib.contextmanager
def echo() -> Iterator[Machine]:
    """A machine that says what it was asked."""
    server = Machine()
    Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()
