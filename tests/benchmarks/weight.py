"""Point 5: what a first view of the policy costs on the wire, everything included."""

import re
import socket

from tests.benchmarks.bench import Bench
from tests.benchmarks.report import Row
from tests.benchmarks.servers import Server, gunicorn

POLICY = "/privatuma-politika/"
# What a browser fetches by itself; a feed or another language it does not.
LINKS = re.compile(r'<link rel="(?:stylesheet|icon|preload)" href="([^"]+)"|<script[^>]* src="([^"]+)"')


def measure(bench: Bench) -> list[Row]:
    """Of an undecided visitor."""
    with gunicorn("ossnet_site.wsgi", bench.env) as site:
        page, text = exchange(site, POLICY)
        paths = [style or script for style, script in LINKS.findall(text)]
        others = {path: exchange(site, path) for path in dict.fromkeys(paths)}
    scripts = sum(weight for path, (weight, _text) in others.items() if path.endswith(".js"))
    # A style sheet of its own must come before anything is painted.
    blocking = sum(path.endswith(".css") for path in others)
    return [
        Row(5, "first view of the policy", [page + sum(w for w, _text in others.values())], "bytes", 10_000,
            at_least=False, note=", ".join(f"{path.rpartition('/')[2]} {w}" for path, (w, _t) in others.items())),
        Row(5, "its document", [page], "bytes"),
        Row(5, "its requests", [1 + len(others)], "", 3, at_least=False),
        Row(5, "requests that the first paint waits for, beside the first", [blocking], "", 0, at_least=False),
        Row(5, "our scripts, with their headers", [scripts], "bytes", 1_500, at_least=False),
    ]  # fmt: skip


def exchange(site: Server, path: str) -> tuple[int, str]:
    """Bytes of the answer as they come, headers included, and its text where that is a page."""
    lines = [f"GET {path} HTTP/1.1", "Host: 127.0.0.1", "X-Forwarded-Proto: https", "Connection: close"]
    weight = len(received(site, [*lines, "Accept-Encoding: gzip, deflate, br"]))
    return weight, received(site, lines).decode(errors="replace")


def received(site: Server, lines: list[str]) -> bytes:
    """Everything that the server sends back."""
    with socket.create_connection(("127.0.0.1", site.port), timeout=20) as connection:
        connection.sendall("\r\n".join([*lines, "", ""]).encode())
        parts = []
        while part := connection.recv(65536):
            parts.append(part)
    return b"".join(parts)
