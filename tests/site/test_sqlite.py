"""What every connection to SQLite is told."""

from pathlib import Path
from typing import Any

import pytest
from django.db import connections
from pytest_django import DjangoDbBlocker

from ossnet_site.environment import database

EXPECTED = {
    "journal_mode": "wal",
    "synchronous": 2,  # FULL
    "foreign_keys": 1,
    "busy_timeout": 10_000,  # milliseconds
    "journal_size_limit": 67_108_864,
    "temp_store": 2,  # MEMORY
    "secure_delete": 1,
}


@pytest.mark.once
def test_a_live_connection_says_what_it_was_told(tmp_path: Path, django_db_blocker: DjangoDbBlocker) -> None:
    connections.databases["file"] = connections.databases["default"] | database(f"sqlite:///{tmp_path}/site.sqlite3")
    try:
        wrapper: Any = connections["file"]
        with django_db_blocker.unblock(), wrapper.cursor() as cursor:
            said = {name: cursor.execute(f"PRAGMA {name}").fetchone()[0] for name in EXPECTED}
        assert said == EXPECTED
        # Two decisions at once: the second one waits at its first statement instead of failing at its last.
        assert wrapper.transaction_mode == "IMMEDIATE"
    finally:
        connections["file"].close()
        del connections["file"], connections.databases["file"]
