"""A WSGI application under ``ossnet_site.worker``, whose worker waits a moment where the site's waits seconds."""

import time
from collections.abc import Callable, Iterable
from typing import Any

from ossnet_site import arrivals, worker

worker.PATIENCE = worker.FAREWELL = 0.8
arrivals.THREAD_PATIENCE = 0.8


def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    """How long the body is; after a while, or with more bytes than any buffer holds, where the address says so."""
    if environ["PATH_INFO"] == "/much":
        start_response("200 OK", [("Content-Type", "text/plain")])
        return [b"x" * 50_000_000]
    if environ["PATH_INFO"].endswith("/hang"):
        time.sleep(1)
    try:
        answer = str(len(environ["wsgi.input"].read())).encode()
    except OSError as error:
        answer = type(error).__name__.encode()
    start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", str(len(answer)))])
    return [answer]
