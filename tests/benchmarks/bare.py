"""The measure of all things: a WSGI function that returns bytes, by path.

Visitors in several states get several answers. The function has them all and returns the next one each time.
"""

import itertools
import json
import os
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

PAGES = {
    path: itertools.cycle([(list(map(tuple, headers)), (bytes.fromhex(body),)) for headers, body in answers])
    for path, answers in json.loads(Path(os.environ["BENCH_BARE"]).read_text()).items()
}


def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    """Return the bytes."""
    headers, body = next(PAGES[environ["PATH_INFO"]])
    start_response("200 OK", headers)
    return body
