"""``python -m tests.benchmarks.footprint [N]``: what a decision takes of the disk on SQLite, with N records there.

Prints the bytes of a record in the table and in each index, and those that a decision adds to the write-ahead log.
PostgreSQL's are in the table of ``tests.benchmarks.partitions``.
"""

import os
import sqlite3
import subprocess
import sys
import tempfile
from contextlib import closing
from pathlib import Path

from tests.benchmarks.bench import environment
from tests.benchmarks.make_records import TABLE
from tests.benchmarks.servers import ROOT

RECORDS = 300_000
DECISIONS = 2000


def logged(file: str, decisions: int) -> float:
    """Bytes of the log for each of so many decisions, which nothing takes over into the database meanwhile."""
    from django.db import connection

    from consent import sqlite_writer
    from tests.benchmarks.one_decision import decide

    with connection.cursor() as cursor:
        cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    decide()
    wrapper = sqlite_writer._open(connection)
    wrapper.connection.execute("PRAGMA wal_autocheckpoint = 0")
    log = Path(f"{file}-wal")
    before = log.stat().st_size
    for _decision in range(decisions):
        decide()
    return (log.stat().st_size - before) / decisions


def sizes(file: str) -> dict[str, float]:
    """Bytes of a record in each tree of the table."""
    with closing(sqlite3.connect(file)) as database:
        (count,) = database.execute(f"SELECT count(*) FROM {TABLE}").fetchone()  # noqa: S608
        trees = database.execute("SELECT name FROM sqlite_master WHERE tbl_name = ? AND type <> 'trigger'", [TABLE])
        asked = "SELECT sum(pgsize) FROM dbstat WHERE name = ?"
        return {name: database.execute(asked, [name]).fetchone()[0] / count for (name,) in trees.fetchall()}


def inside(file: str) -> None:
    """Within the site's settings."""
    import django

    django.setup()
    bytes_of = sizes(file)
    log = logged(file, DECISIONS)
    rows = {**bytes_of, "all of a record": sum(bytes_of.values()), "written to the log for a decision": log}
    print("| what | bytes |\n|---|---|")
    for name, size in rows.items():
        print(f"| {name} | {size:,.0f} |")


def main() -> int:
    """Fill a database, then look."""
    with tempfile.TemporaryDirectory() as folder:
        file = f"{folder}/site.sqlite3"
        env = {**os.environ, **environment(f"sqlite:///{file}")}
        for module, argument in (("make_records", sys.argv[1:] or [str(RECORDS)]), ("footprint", ["--inside", file])):
            command = [sys.executable, "-m", f"tests.benchmarks.{module}", *argument]
            subprocess.run(command, cwd=ROOT, env=env, check=True)
    return 0


if __name__ == "__main__":
    if sys.argv[1:2] == ["--inside"]:
        inside(sys.argv[2])
    else:
        sys.exit(main())
