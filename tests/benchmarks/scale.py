"""``python -m tests.benchmarks.scale SMALL LARGE``: what staff and visitors wait for, with few records and with many.

SMALL and LARGE are addresses of databases that ``tests.benchmarks.make_records`` filled, on the same engine. A process
for each answers in turn; the ratio of each round is taken, so that whatever else the machine does meets both alike.
"""

import argparse
import io
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from statistics import median
from typing import Any

from tests.benchmarks.bench import environment
from tests.benchmarks.report import Row, table
from tests.benchmarks.servers import ROOT

ROUNDS = 15
REPEATS = {"number": 200, "search": 10, "history": 200, "list": 10, "page 100": 10, "statistics": 10}
WHAT = {
    "number": "a record by its number, the query",
    "search": "a record by its number, the page of staff",
    "history": "one visitor's history, the query",
    "list": "list of staff, first page",
    "page 100": "list of staff, hundredth page",
    "statistics": "page of statistics",
}
LIMIT = 2
RECORDS = "/admin/consent/consentrecord/"


class Asked:
    """A process in front of one database: told what to do, it says how long it took."""

    def __init__(self, database: str) -> None:
        env = {**os.environ, **environment(database), "HTTPS": "False", "ALLOWED_HOSTS": "testserver"}
        command = [sys.executable, "-m", "tests.benchmarks.scale", "--inside"]
        self.process = subprocess.Popen(
            command, cwd=ROOT, env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        assert self.process.stdout
        self.process.stdout.readline()  # it is ready

    def ask(self, name: str) -> float:
        """Milliseconds, the median of the repeats."""
        assert self.process.stdin
        assert self.process.stdout
        self.process.stdin.write(f"{name}\n")
        self.process.stdin.flush()
        milliseconds: float = json.loads(self.process.stdout.readline())
        return milliseconds

    def end(self) -> None:
        """Let it go."""
        self.process.communicate()


def compare(small: str, large: str, rounds: int) -> list[Row]:
    """A row for each question."""
    asked = [Asked(small), Asked(large)]
    rows = []
    for point, name in enumerate(WHAT, 1):
        few, many = ([], [])  # type: tuple[list[float], list[float]]
        for turn in range(rounds + 1):
            both = list(zip(asked, (few, many), strict=True))
            for process, times in both if turn % 2 else reversed(both):
                times.append(process.ask(name))
        del few[0], many[0]  # the first warms up
        ratios = [after / before for before, after in zip(few, many, strict=True)]
        note = f"{median(few):.2f} and {median(many):.2f} ms; at best {min(few):.2f} and {min(many):.2f} ms"
        rows.append(Row(point, WHAT[name], ratios, "", LIMIT, at_least=False, note=note))
        print(" | ".join(rows[-1].cells()), flush=True)
    for process in asked:
        process.end()
    return rows


def inside() -> None:
    """Answer questions until there are no more."""
    import django

    django.setup()
    from django.core.management import call_command
    from django.db import connection

    call_command("collectstatic", interactive=False, verbosity=0, stdout=io.StringIO())
    questions = make_questions()
    print("ready", flush=True)
    for line in sys.stdin:
        name = line.strip()
        times = []
        for _repeat in range(REPEATS[name]):
            started = time.perf_counter()
            questions[name]()
            times.append((time.perf_counter() - started) * 1000)
        print(json.dumps(median(times)), flush=True)
    connection.close()


def make_questions() -> dict[str, Callable[[], object]]:
    """What is asked: each time about another visitor, taken from the whole of the records."""
    from django.contrib.auth.models import User
    from django.test import Client

    from consent import receipts
    from consent.models import ConsentRecord
    from consent.state import StoredChoice

    owner, _new = User.objects.get_or_create(username="Scale", defaults={"is_staff": True, "is_superuser": True})
    client = Client()
    client.force_login(owner)
    known = some_records(ConsentRecord)
    numbers, subjects = iter(forever(known)), iter(forever(known))

    def page(address: str) -> Any:
        response = client.get(address)
        assert response.status_code == 200, (address, response.status_code)
        return response

    def history() -> None:
        record = next(subjects)
        assert receipts.history(StoredChoice(record.pk, record.subject_id, {}))[0].pk == record.pk

    return {
        "number": lambda: ConsentRecord.objects.get(number=next(numbers).number),
        "search": lambda: page(f"{RECORDS}?q={next(numbers).number}"),
        "history": history,
        "list": lambda: page(RECORDS),
        "page 100": lambda: page(f"{RECORDS}?p=100"),
        "statistics": lambda: page("/admin/consent/dailysummary/"),
    }


def some_records(records: Any) -> list[Any]:
    """Four thousand, from a few places of the order of their keys, which is no order in time."""
    found: list[Any] = []
    for digit in "0123456789abcdef":
        start = f"{digit}0000000-0000-4000-8000-000000000000"
        found += records.objects.filter(pk__gte=start).order_by("pk").only("pk", "number", "subject_id")[:250]
    return found


def forever(rows: list[Any]) -> Any:
    """Round and round, far from the one before."""
    place = 0
    while True:
        place = (place + 1009) % len(rows)
        yield rows[place]


def main() -> int:
    """One table; exits with 1 when a ratio is too high."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.scale", description=__doc__)
    parser.add_argument("databases", nargs="*", metavar="DATABASE_URL", help="few records, many records")
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--inside", action="store_true", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.inside:
        inside()
        return 0
    small, large = arguments.databases
    rows = compare(small, large, arguments.rounds)
    print(f"\n{table(rows)}")
    return 1 if any(row.falls_short for row in rows) else 0


if __name__ == "__main__":
    sys.exit(main())
