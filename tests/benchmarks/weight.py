"""Point 5: what a first view of the policy costs on the wire, everything included."""

import re
import socket
from collections.abc import Iterable
from dataclasses import dataclass

from hpack import Encoder

from tests.benchmarks.bench import Bench
from tests.benchmarks.report import Row
from tests.benchmarks.servers import Server, gunicorn

POLICY = "/privatuma-politika/"
# What a browser fetches by itself; a feed or another language it does not.
LINKS = re.compile(r'<link rel="(?:stylesheet|icon|preload)" href="([^"]+)"|<script[^>]* src="([^"]+)"')
FRAME = 9  # bytes that HTTP/2 puts before each frame (RFC 9113, 4.1)
OF_CONNECTION = {"connection", "keep-alive", "transfer-encoding"}  # not in HTTP/2


@dataclass(frozen=True)
class Answer:
    """Status line and headers as they came, and the body, still compressed."""

    status: str
    headers: tuple[tuple[str, str], ...]
    body: bytes

    @property
    def in_http_1(self) -> int:
        """Bytes with every header in full."""
        lines = [self.status, *(f"{name}: {value}" for name, value in self.headers)]
        return sum(len(line) + 2 for line in lines) + 2 + len(self.body)

    def in_http_2(self, encoder: Encoder) -> int:
        """Bytes on a connection whose earlier answers ``encoder`` has seen."""
        named = [(name.lower(), value) for name, value in self.headers if name.lower() not in OF_CONNECTION]
        return FRAME + len(encoder.encode([(":status", self.status.split()[1]), *named])) + FRAME + len(self.body)


def measure(bench: Bench) -> list[Row]:
    """Of an undecided visitor."""
    with gunicorn("ossnet_site.wsgi", bench.env) as site:
        text = exchange(site, POLICY, encodings="identity").body.decode()
        answers = {path: exchange(site, path) for path in fetched(text)}
    return rows(answers)


def fetched(text: str) -> list[str]:
    """The page itself and what it asks for, in order."""
    return list(dict.fromkeys([POLICY, *(style or script for style, script in LINKS.findall(text))]))


def rows(answers: dict[str, Answer]) -> list[Row]:
    """One answer for each path; the first is the page."""
    encoder = Encoder()
    weights = {path: answer.in_http_2(encoder) for path, answer in answers.items()}
    scripts = sum(len(answer.body) for path, answer in answers.items() if path.endswith(".js"))
    # A style sheet of its own must come before anything is painted.
    blocking = sum(path.endswith(".css") for path in answers)
    note = ", ".join(f"{path.rpartition('/')[2] or 'document'} {weight}" for path, weight in weights.items())
    in_full = sum(answer.in_http_1 for answer in answers.values())
    return [
        Row(5, "first view of the policy, in HTTP/2", [sum(weights.values())], "bytes", 10_000, at_least=False,
            note=note),
        Row(5, "the same in HTTP/1.1", [in_full], "bytes", note=f"{headers_of(answers.values()):,} of it headers"),
        Row(5, "its requests", [len(answers)], "", 3, at_least=False),
        Row(5, "requests that the first paint waits for, beside the first", [blocking], "", 0, at_least=False),
        Row(5, "our scripts, compressed", [scripts], "bytes", 1_500, at_least=False),
    ]  # fmt: skip


def headers_of(answers: Iterable[Answer]) -> int:
    """Bytes of all headers in HTTP/1.1."""
    return sum(answer.in_http_1 - len(answer.body) for answer in answers)


def exchange(site: Server, path: str, encodings: str = "gzip, deflate, br") -> Answer:
    """One answer as it comes."""
    lines = [f"GET {path} HTTP/1.1", "Host: 127.0.0.1", "X-Forwarded-Proto: https", "Connection: close"]
    head, _blank, body = received(site, [*lines, f"Accept-Encoding: {encodings}"]).partition(b"\r\n\r\n")
    status, *headers = head.decode().split("\r\n")
    pairs = (line.partition(": ") for line in headers)
    return Answer(status, tuple((name, value) for name, _colon, value in pairs), body)


def received(site: Server, lines: list[str]) -> bytes:
    """Everything that the server sends back."""
    with socket.create_connection(("127.0.0.1", site.port), timeout=20) as connection:
        connection.sendall("\r\n".join([*lines, "", ""]).encode())
        parts = []
        while part := connection.recv(65536):
            parts.append(part)
    return b"".join(parts)
