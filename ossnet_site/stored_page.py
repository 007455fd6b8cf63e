"""A page as finished bytes, once per encoding, and a bounded memory for such things."""

import gzip
import hashlib
import re
from collections.abc import Callable, Hashable, Iterable
from functools import lru_cache
from typing import Any, Generic, TypeVar

import brotli

Headers = list[tuple[str, str]]
StartResponse = Callable[..., Any]
Key = TypeVar("Key", bound=Hashable)
Value = TypeVar("Value")

# Of the policy page's 13,700 bytes quality 7 leaves 4,239 in 1.7 ms, 11 leaves 3,983 in 13 ms: longer than the page
# takes to make. It is paid by the first visitor after each change.
BROTLI_QUALITY = 7
# A window of 256 KB is more than a page; the usual 4 MB take as much memory while they compress.
BROTLI_WINDOW = 18
ENCODERS: dict[str, Callable[[bytes], bytes]] = {
    "br": lambda body: brotli.compress(body, mode=brotli.MODE_TEXT, quality=BROTLI_QUALITY, lgwin=BROTLI_WINDOW),
    "gzip": lambda body: gzip.compress(body, mtime=0),
    "identity": lambda body: body,
}
QUALITY_ZERO = re.compile(r";\s*q=0(?:\.0*)?\s*$")
# What a 304 must repeat (RFC 9110, 15.4.5), and what every answer of ours says; the rest the browser has, as the ETag
# covers it.
IN_A_304 = {
    *("cache-control", "vary", "etag"),
    *("content-security-policy", "strict-transport-security", "x-content-type-options"),
}

# Beside the request, once a page for everybody answers it: the page's route. No client can set it.
STORED = "ossnet_site.stored"


class Variant:
    """The page in one encoding."""

    def __init__(self, headers: Headers, body: bytes, etag: str) -> None:
        self.etag = etag
        self.headers = [*headers, ("ETag", etag), ("Content-Length", str(len(body)))]
        self.headers_of_304 = [(name, value) for name, value in self.headers if name.lower() in IN_A_304]
        self.body = (body,)


class StoredPage:
    """An answer as the application made it, its headers included; each encoding is made when first asked for."""

    def __init__(self, headers: Headers, body: bytes, route: str = "") -> None:
        self.route = route
        self.headers = with_vary([pair for pair in headers if pair[0].lower() != "content-length"])
        self.body = body
        self.fingerprint = hashlib.sha256(repr(self.headers).encode() + body).hexdigest()[:32]
        self.variants: dict[str, Variant] = {}

    @property
    def weight(self) -> int:
        """Bytes of memory, generously: compressed, all encodings together are no larger than the page itself."""
        return 2 * len(self.body) + 4096

    def answer(self, environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        """Answer a GET or HEAD in the best encoding that the browser takes; 304 when it has exactly these bytes."""
        environ[STORED] = self.route
        encoding = chosen_encoding(environ.get("HTTP_ACCEPT_ENCODING", ""))
        variant = self.variants.get(encoding) or self._made(encoding)
        held = environ.get("HTTP_IF_NONE_MATCH")
        if held is not None and is_held(variant.etag, held):
            start_response("304 Not Modified", list(variant.headers_of_304))
            return ()
        start_response("200 OK", list(variant.headers))
        return variant.body if environ["REQUEST_METHOD"] == "GET" else ()

    def _made(self, encoding: str) -> Variant:
        headers = self.headers if encoding == "identity" else [*self.headers, ("Content-Encoding", encoding)]
        etag = f'"{self.fingerprint}-{encoding}"'
        variant = self.variants[encoding] = Variant(headers, ENCODERS[encoding](self.body), etag)
        return variant


def with_vary(headers: Headers) -> Headers:
    """The same headers, which now say that the encoding differs."""
    vary = [value for name, value in headers if name.lower() == "vary"]
    others = [pair for pair in headers if pair[0].lower() != "vary"]
    return [*others, ("Vary", ", ".join([*vary, "Accept-Encoding"]))]


@lru_cache(maxsize=64)
def chosen_encoding(accepted: str) -> str:
    """The first of brotli, gzip and identity that the header ``Accept-Encoding`` names and does not rule out."""
    named = {part.partition(";")[0].strip().lower(): part for part in accepted.split(",")}
    return next((name for name in ENCODERS if name in named and not QUALITY_ZERO.search(named[name])), "identity")


def is_held(etag: str, held: str) -> bool:
    """Whether the header ``If-None-Match`` names ``etag``."""
    return held == etag or any(tag.strip().removeprefix("W/") in (etag, "*") for tag in held.split(","))


class Recent(Generic[Key, Value]):
    """Remembers what was used lately, up to ``limit`` in weight.

    Two generations instead of an order of use: whatever is looked up moves to the younger one; once that holds half
    of the limit, the older one is dropped. A look-up needs no lock.
    """

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.weight = 0  # of the younger generation
        self.young: dict[Key, tuple[Value, int]] = {}
        self.old: dict[Key, tuple[Value, int]] = {}

    def get(self, key: Key) -> Value | None:
        """What is remembered, or None."""
        found = self.young.get(key)
        if found is None:
            found = self.old.get(key)
            if found is None:
                return None
            self.put(key, *found)
        return found[0]

    def known(self) -> list[Key]:
        """The keys of all that is remembered, in no order. Other threads may go on meanwhile."""
        return [*self.young, *self.old]

    def put(self, key: Key, value: Value, weight: int = 1) -> None:
        """Remember; the older generation goes when the younger one is full."""
        if self.weight + weight > self.limit // 2:
            self.old, self.young, self.weight = self.young, {}, 0
        if 2 * weight <= self.limit:
            self.young[key] = (value, weight)
            self.weight += weight
