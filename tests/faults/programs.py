"""The programs of others that the tests of faults run: where they are, and what happens where they are not."""

import os
import shutil
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def missing(what: str) -> None:
    """Skip the test, and say what it lacks; with ``CI=true`` that is a failure."""
    assert os.environ.get("CI") != "true", what
    pytest.skip(what)


def nginx() -> str:
    """The path of nginx."""
    found = shutil.which("nginx", path=os.pathsep.join([os.environ["PATH"], "/usr/sbin"]))
    if found is None:
        missing("nginx is not installed")
    return found or ""


def redis() -> str:
    """The path of the shared store. Debian's redis-tools holds the server's program under another name."""
    names = ("redis-server", "valkey-server", "redis-check-rdb")
    found = next(filter(None, map(shutil.which, names)), None)
    if found is None:
        missing("Redis is not installed")
    return found or ""
