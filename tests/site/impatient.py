"""A WSGI application under ``ossnet_site.worker``, whose worker waits a moment where the site's waits seconds."""

import os
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from ossnet_site import arrivals, worker

worker.PATIENCE = worker.FAREWELL = arrivals.THREAD_PATIENCE = float(os.environ["PATIENCE"])


def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    """How long the body is; more bytes than any buffer holds, or late, where the address says so."""
    if environ["PATH_INFO"] == "/much":
        start_response("200 OK", [("Content-Type", "text/plain")])
        return [b"x" * 20_000_000]
    while environ["PATH_INFO"].endswith("/hang") and not Path(os.environ["LET_GO"]).exists():
        time.sleep(0.02)
    try:
        answer = str(len(environ["wsgi.input"].read())).encode()
    except OSError as error:
        answer = type(error).__name__.encode()
    start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", str(len(answer)))])
    return [answer]
