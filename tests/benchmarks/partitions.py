"""``python -m tests.benchmarks.partitions``: consent records in one table against monthly partitions, on PostgreSQL.

Starts a server of its own that waits for the disk, makes both layouts in it (8 GB each for ten million records, in the
folder for temporary files, gone afterwards), lets the site's own code work on both in turn, and prints what it took.
"""

import argparse
import os
import random
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from statistics import median
from typing import Any

from tests import postgres
from tests.benchmarks.bench import environment
from tests.benchmarks.make_records import TABLE
from tests.benchmarks.one_decision import decide
from tests.benchmarks.partition_layouts import LAYOUTS, MONTHLY, ONE, make
from tests.benchmarks.servers import ROOT

RECORDS = 10_000_000
ROUNDS = 7
DECISIONS = 1000  # of each round and layout
MONTHS = (23, 22, 21)  # kept instead of 24: each run of the purge has one month of records to delete
# A server that keeps its promises, but does not log what is filled in while the table is made.
OPTIONS = "-c listen_addresses= -c wal_level=minimal -c max_wal_senders=0 -c max_wal_size=8GB"
REPEATS = {
    "a record by its id": 200,
    "a record by its number": 200,
    "one visitor's history": 200,
    "list of staff, first page": 10,
    "list of staff, hundredth page": 10,
    "counting one day": 10,
}
Measured = dict[tuple[str, str], list[float]]  # what and layout: each round


def compare(wanted: int, rounds: int) -> None:
    """Everything, one table."""
    from django.db import connection

    started = time.monotonic()
    make(wanted)
    told(f"both layouts made in {time.monotonic() - started:.0f} s")
    measured: Measured = {}
    with connection.cursor() as cursor:
        sizes(cursor, measured)
        questions(cursor, measured, rounds)
        decisions(cursor, measured, rounds)
        purges(cursor, measured)
    print(table(measured))


def told(line: str) -> None:
    """Where it is, for whoever waits."""
    print(line, file=sys.stderr, flush=True)


def add(measured: Measured, what: str, layout: str, value: float) -> None:
    """One more round."""
    measured.setdefault((what, layout), []).append(value)


def turned(cursor: Any, turn: int) -> Iterator[str]:
    """Each layout, the other one first in every second round."""
    for layout in sorted(LAYOUTS, reverse=bool(turn % 2)):
        cursor.execute(f"SET search_path TO {LAYOUTS[layout]}")
        yield layout
    cursor.execute(f"SET search_path TO {LAYOUTS[ONE]}")


def sizes(cursor: Any, measured: Measured) -> None:
    """Megabytes of the rows and of each index, partitions added up."""
    cursor.execute(
        """
        SELECT n.nspname, coalesce(regexp_replace(pg_get_indexdef(i.indexrelid), '.*USING btree ', ''), 'rows'),
               sum(pg_table_size(c.oid)) / 1e6
        FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace LEFT JOIN pg_index i ON i.indexrelid = c.oid
        WHERE c.relkind IN ('r', 'i') AND ((n.nspname = %s AND (c.relname = %s OR i.indrelid = %s::regclass))
              OR n.nspname = %s)
        GROUP BY 1, 2 ORDER BY 2
        """,
        [ONE, TABLE, f"{ONE}.{TABLE}", MONTHLY],
    )
    for layout, what, megabytes in cursor.fetchall():
        same = what.replace(", decided_at)", ")")
        add(measured, f"{same}, MB", layout, float(megabytes))
        add(measured, "all, MB", layout, float(megabytes))
    for layout in LAYOUTS:
        measured["all, MB", layout] = [sum(measured["all, MB", layout])]


def questions(cursor: Any, measured: Measured, rounds: int) -> None:
    """Milliseconds, the median of the repeats."""
    asked = make_questions(cursor)
    for turn in range(rounds + 1):
        for layout in turned(cursor, turn):
            for what, question in asked.items():
                took = milliseconds(question, REPEATS[what])
                if turn:  # the first warms up
                    add(measured, f"{what}, ms", layout, took)
        told(f"questions, round {turn}")


def milliseconds(question: Callable[[], object], repeats: int) -> float:
    """The median."""
    times = []
    for _repeat in range(repeats):
        started = time.perf_counter()
        question()
        times.append((time.perf_counter() - started) * 1000)
    return median(times)


def make_questions(cursor: Any) -> dict[str, Callable[[], object]]:
    """As the site asks, each time about another visitor or day."""
    from django.utils import timezone

    from consent import receipts, summaries
    from consent.models import ConsentRecord
    from consent.paging import NearbyPaginator

    cursor.execute(f"SELECT id, number, subject_id FROM {ONE}.{TABLE} TABLESAMPLE SYSTEM (0.5) LIMIT 50000")  # noqa: S608
    known = cursor.fetchall()
    chance = random.Random(9)  # noqa: S311 - nothing is kept secret by it
    listed = ConsentRecord.objects.order_by("-decided_at", "-pk")

    def page(number: int) -> None:
        assert len(list(NearbyPaginator(listed, 100, str(number)).page(number).object_list)) == 100

    def day() -> None:
        assert summaries._count(timezone.localdate() - timedelta(days=chance.randrange(200, 700)))[0]

    return {
        "a record by its id": lambda: ConsentRecord.objects.get(pk=chance.choice(known)[0]),
        "a record by its number": lambda: ConsentRecord.objects.get(number=chance.choice(known)[1]),
        "one visitor's history": lambda: list(receipts._records(subject_id=chance.choice(known)[2])),
        "list of staff, first page": lambda: page(1),
        "list of staff, hundredth page": lambda: page(100),
        "counting one day": day,
    }


def decisions(cursor: Any, measured: Measured, rounds: int) -> None:
    """Milliseconds and bytes of the log for a decision: just after a checkpoint, then with no image of any page."""
    for images in ("on", "off"):
        cursor.execute(f"ALTER SYSTEM SET full_page_writes = {images}")
        cursor.execute("SELECT pg_reload_conf()")
        note = "after a checkpoint" if images == "on" else "without page images"
        for turn in range(rounds):
            for layout in turned(cursor, turn):
                cursor.execute("CHECKPOINT")
                before, busy = logged(cursor), processor(cursor)
                took = milliseconds(decide, DECISIONS)
                add(
                    measured,
                    f"processor of the server for it, µs, {note}",
                    layout,
                    (processor(cursor) - busy) / DECISIONS,
                )
                add(measured, f"a decision {note}, ms", layout, took)
                add(measured, f"log of a decision {note}, bytes", layout, (logged(cursor) - before) / DECISIONS)
        told(f"decisions {note}")
    cursor.execute("ALTER SYSTEM RESET full_page_writes")
    cursor.execute("SELECT pg_reload_conf()")


def processor(cursor: Any) -> float:
    """Microseconds that the server's process for this connection has run so far, see proc(5)."""
    cursor.execute("SELECT pg_backend_pid()")
    (pid,) = cursor.fetchone()
    return int(Path(f"/proc/{pid}/schedstat").read_text().split()[0]) / 1000


def logged(cursor: Any) -> int:
    """How far the log is."""
    cursor.execute("SELECT pg_current_wal_insert_lsn() - '0/0'::pg_lsn")
    (position,) = cursor.fetchone()
    return int(position)


def purges(cursor: Any, measured: Measured) -> None:
    """A month of records: by the site's purge, then by detaching and dropping the oldest full partition."""
    from django.test import override_settings

    from consent import retention

    for turn, kept in enumerate(MONTHS):
        for layout in turned(cursor, turn):
            if layout == MONTHLY and turn:
                continue  # once is enough to see it; the others show what dropping takes
            with override_settings(CONSENT_RETENTION_MONTHS=kept):
                started = time.perf_counter()
                deleted = retention.purge().records
                took = time.perf_counter() - started
            add(measured, "purge of a month by rows, s", layout, took)
            add(measured, "its records", layout, deleted)
            started = time.perf_counter()
            cursor.execute(f"VACUUM {TABLE}")
            add(measured, "vacuum after it, s", layout, time.perf_counter() - started)
            told(f"purge of {deleted} records, {layout}: {took:.1f} s")
    drop(cursor, measured)


def drop(cursor: Any, measured: Measured) -> None:
    """Partitions that are whole."""
    cursor.execute("SELECT relname FROM pg_class WHERE relkind = 'r' AND relname LIKE 'month%%' ORDER BY relname")
    for (name,) in cursor.fetchall()[3:8]:
        cursor.execute(f"SELECT count(*) FROM {MONTHLY}.{name}")  # noqa: S608
        add(measured, "records of a dropped partition", MONTHLY, cursor.fetchone()[0])
        started = time.perf_counter()
        cursor.execute(f"ALTER TABLE {MONTHLY}.{TABLE} DETACH PARTITION {MONTHLY}.{name}")
        cursor.execute(f"DROP TABLE {MONTHLY}.{name}")
        add(measured, "detaching and dropping a partition, s", MONTHLY, time.perf_counter() - started)


def table(measured: Measured) -> str:
    """Markdown: median and spread of each layout, and the ratio of the medians."""
    lines = ["| what | one table | spread | partitions | spread | ratio |", "|---|---|---|---|---|---|"]
    for what in dict.fromkeys(what for what, _layout in measured):
        one, many = measured.get((what, ONE), []), measured.get((what, MONTHLY), [])
        ratio = f"{median(many) / median(one):.2f}" if one and many else ""
        lines.append(f"| {what} | {cells(one)} | {cells(many)} | {ratio} |")
    return "\n".join(lines)


def cells(values: list[float]) -> str:
    """Two cells."""
    if not values:
        return " | "
    spread = f"{short(min(values))} to {short(max(values))}" if len(values) > 1 else ""
    return f"{short(median(values))} | {spread}"


def short(value: float) -> str:
    """Three digits, or all before the point."""
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


@contextmanager
def own_server() -> Iterator[str]:
    """As in ``tests.benchmarks.decisions``, with a log that leaves out the filling."""
    usual, postgres.OPTIONS = postgres.OPTIONS, OPTIONS
    try:
        with postgres.server() as address:
            yield address
    finally:
        postgres.OPTIONS = usual


def main() -> int:
    """Starts the server, then itself inside the site's settings."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.partitions", description=__doc__)
    parser.add_argument("--records", type=int, default=RECORDS)
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--inside", action="store_true", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.inside:
        import django

        django.setup()
        compare(arguments.records, arguments.rounds)
        return 0
    with own_server() as address:
        env = {**os.environ, **environment(address)}
        command = [sys.executable, "-m", "tests.benchmarks.partitions", *sys.argv[1:], "--inside"]
        return subprocess.run(command, cwd=ROOT, env=env, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
