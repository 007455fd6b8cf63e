"""The measure of all things: a WSGI function that returns bytes, by path."""

import json
import os
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

PAGES = {
    path: ([(name, value) for name, value in headers], (bytes.fromhex(body),))
    for path, (headers, body) in json.loads(Path(os.environ["BENCH_BARE"]).read_text()).items()
}


def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    """Return the bytes."""
    headers, body = PAGES[environ["PATH_INFO"]]
    start_response("200 OK", headers)
    return body
