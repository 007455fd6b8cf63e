"""The shipped fronts on loopback: nginx and Caddy with the files of ``deploy/``, but for ports, paths and addresses."""

import contextlib
import getpass
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

FRONTS = ["nginx", "caddy"]


@dataclass(frozen=True)
class Front:
    """A front that runs, or would; ``start`` is the command."""

    start: list[str]
    check: list[str]
    env: dict[str, str]
    http_port: int
    https_port: int

    def ask(
        self, path: str, method: str = "GET", body: bytes = b"", **headers: str
    ) -> tuple[http.client.HTTPResponse, bytes]:
        """A request as a browser sends it, over TLS."""
        connection = http.client.HTTPConnection(HOST)
        connection.sock = self.connect()
        names = {name.replace("_", "-"): value for name, value in headers.items()}
        connection.request(method, path, body or None, names)
        answer = connection.getresponse()
        content = answer.read()
        connection.close()
        return answer, content

    def connect(self, *protocols: str) -> ssl.SSLSocket:
        """A connection over TLS; whose certificate it is does not matter here."""
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        context.set_alpn_protocols(protocols)
        return context.wrap_socket(socket.create_connection(("127.0.0.1", self.https_port), 20), server_hostname=HOST)


def nginx(folder: Path, upstreams: Sequence[int], files: Path) -> Front:
    """Made from ``deploy/nginx.conf``; every replacement must find what it replaces."""
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
    kinds = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    config = (ROOT / "deploy" / "nginx.conf").read_text()
    for pattern, replacement in {
        r"user www-data;": f"user {getpass.getuser()};",
        r"worker_processes auto;": "worker_processes 1;",
        r"/run/nginx.pid": f"{folder}/nginx.pid",
        r"/var/log/nginx/error.log": f"{folder}/error.log",
        r"sendfile on;": " ".join(f"{kind}_temp_path {folder}/{kind};" for kind in kinds),
        r"listen \[::\].*": "",
        r"listen 80\b": f"listen 127.0.0.1:{http_port}",
        r"listen 443\b": f"listen 127.0.0.1:{https_port}",
        rf"/etc/letsencrypt/live/{HOST}": str(folder),
        r"root /srv/ossnet;": f"root {files};",
        r"server 127.0.0.1:8000 (.*)": "\n".join(rf"server 127.0.0.1:{port} \1" for port in upstreams),
        r"client_header_timeout 10s;": "client_header_timeout 1s;",
    }.items():
        config, found = re.subn(pattern, replacement, config)
        assert found, pattern
    (folder / "nginx.conf").write_text(config)
    command = ["nginx", "-e", str(folder / "error.log"), "-c", str(folder / "nginx.conf")]
    return Front([*command, "-g", "daemon off;"], [*command, "-t"], dict(os.environ), http_port, https_port)


def caddy(folder: Path, upstreams: Sequence[int], files: Path) -> Front:
    """Made from ``deploy/Caddyfile``, with certificates of Caddy's own."""
    http_port, https_port = free_port(), free_port()
    ports = (f"http_port {http_port}", f"https_port {https_port}", "default_bind 127.0.0.1")
    options = "".join(f"\t{line}\n" for line in (*ports, "admin off", "local_certs", "skip_install_trust"))
    config = (ROOT / "deploy" / "Caddyfile").read_text()
    for old, new in {"\n{\n": "\n{\n" + options, "read_header 10s": "read_header 1s"}.items():
        assert config.count(old) == 1, old
        config = config.replace(old, new)
    (folder / "Caddyfile").write_text(config)
    own = {name: str(folder) for name in ("HOME", "XDG_DATA_HOME", "XDG_CONFIG_HOME")}
    addresses = " ".join(f"127.0.0.1:{port}" for port in upstreams)
    site = {"SITE_ADDRESS": HOST, "SITE_UPSTREAMS": addresses, "SITE_FILES": str(files)}
    named = ["--config", str(folder / "Caddyfile"), "--adapter", "caddyfile"]
    env = {"PATH": os.environ["PATH"], **own, **site}
    return Front(["caddy", "run", *named], ["caddy", "validate", *named], env, http_port, https_port)


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
    process = subprocess.Popen(front.start, env=front.env, stderr=subprocess.DEVNULL)
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


class Echo(BaseHTTPRequestHandler):
    """Answers with the headers that reached it."""

    def do_GET(self) -> None:
        body = str(self.headers).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args: object) -> None:
        """Nothing."""


@contextlib.contextmanager
def echo() -> Iterator[int]:
    """The port of a machine that says what it was asked."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Echo)
    Thread(target=server.serve_forever, daemon=True).start()
    yield server.server_port
    server.shutdown()
    server.server_close()
