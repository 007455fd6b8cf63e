"""Point 4: one decision a request, against django-cookie-consent's accept view on the same database.

On SQLite against two of theirs: with the settings that Django gives SQLite, as whoever follows the documentation runs
it, and with ours (write-ahead log, a write lock from the first statement).
"""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlencode

from tests import postgres
from tests.benchmarks.bench import Bench, inside
from tests.benchmarks.report import Row
from tests.benchmarks.servers import CONNECTIONS, Load, Request, gunicorn

FORM = ("Content-Type", "application/x-www-form-urlencoded")
BROWSERS = 50_000  # more than press a button within the seconds in which a press counts as repeated


@contextmanager
def durable_postgresql() -> Iterator[str]:
    """The server of the tests, but one that waits for the disk."""
    usual, postgres.OPTIONS = postgres.OPTIONS, "-c listen_addresses= -c fsync=on -c synchronous_commit=on"
    try:
        with postgres.server() as address:
            yield address
    finally:
        postgres.OPTIONS = usual


@dataclass
class Reference:
    """A site of theirs: where it runs, how many times its rate is asked for, and what was measured of it."""

    env: dict[str, str]
    required: float | None
    note: str
    rates: list[float] = field(default_factory=list)
    processor: list[float] = field(default_factory=list)

    def load(self, folder: Path, seconds: float) -> None:
        """One round."""
        with gunicorn("tests.benchmarks.their_wsgi", self.env) as server:
            server.load(folder, accepts_of_theirs(), 1)
            load = checked(server.load(folder, accepts_of_theirs(), seconds))
        self.rates.append(load.rate)
        self.processor.append(load.processor)

    def rows(self, engine: str, rates: list[float]) -> list[Row]:
        """How many times theirs."""
        ratios = [ours / theirs for ours, theirs in zip(rates, self.rates, strict=True)]
        return [
            Row(4, f"decisions on {engine}", ratios, required=self.required, note=self.note),
            Row(4, f"theirs on {engine}", self.rates, "a second", note=self.note),
            Row(4, f"processor for one of theirs on {engine}", self.processor, "µs", note=self.note),
        ]


def measure(folder: Path, *, rounds: int, seconds: float) -> list[Row]:
    """Both engines."""
    ours = Bench(folder / "sqlite")
    documented = {"DATABASE_URL": f"sqlite:///{folder}/documented.sqlite3", "AS_DOCUMENTED": "yes"}
    references = [
        reference(ours, documented, 3, "against django-cookie-consent with Django's settings for SQLite"),
        reference(ours, {"DATABASE_URL": f"sqlite:///{folder}/theirs.sqlite3"}, None, "against it with ours"),
    ]
    rows = on("SQLite", ours, references, rounds=rounds, seconds=seconds)
    with durable_postgresql() as address:
        ours = Bench(folder / "postgresql", database=address)
        inside(ours.env, "tests.benchmarks.make_database", "theirs")
        references = [
            reference(ours, {"DATABASE_URL": named(address, "theirs")}, 2, "against django-cookie-consent"),
        ]
        return rows + on("PostgreSQL", ours, references, rounds=rounds, seconds=seconds)


def reference(ours: Bench, env: dict[str, str], required: float | None, note: str) -> Reference:
    """A site of theirs with its tables."""
    env = ours.env | {"DJANGO_SETTINGS_MODULE": "tests.benchmarks.theirs"} | env
    inside(env, "tests.benchmarks.theirs", "prepare")
    return Reference(env, required, note)


def on(engine: str, ours: Bench, references: list[Reference], *, rounds: int, seconds: float) -> list[Row]:
    """Interleaved rounds of all sites; afterwards the records are counted."""
    tails, rates, processor, answered = [], [], [], 0
    for _round in range(rounds):
        for their in references:
            their.load(ours.folder, seconds)
        with gunicorn("ossnet_site.wsgi", ours.env) as server:
            answered += checked(server.load(ours.folder, accepts(ours), 1)).requests
            load = checked(server.load(ours.folder, accepts(ours), seconds))
        answered += load.requests
        tails.append(load.p99 / load.p50)
        rates.append(load.rate)
        processor.append(load.processor)
    counted = ours.inside("decided")
    # The last answers of a load may be on their way when it ends.
    beyond = counted["records"] - answered
    doubled = counted["records"] - counted["subjects"]
    most = 2 * rounds * CONNECTIONS
    return [
        *(row for their in references for row in their.rows(engine, rates)),
        Row(4, f"decisions on {engine}", rates, "a second"),
        Row(4, f"processor for one on {engine}", processor, "µs"),
        Row(4, f"p99 against p50 on {engine}", tails, required=10, at_least=False),
        Row(4, f"lost on {engine}", [max(0, -beyond)], required=0, at_least=False, note=f"of {answered}"),
        Row(4, f"doubled on {engine}", [doubled], required=0, at_least=False),
        Row(4, f"records without an answer on {engine}", [max(0, beyond)], required=most, at_least=False),
    ]


def named(address: str, database: str) -> str:
    """The same server's other database."""
    path, mark, query = address.partition("?")
    return f"{path.rpartition('/')[0]}/{database}{mark}{query}"


def checked(load: Load) -> Load:
    """A decision that is refused is none."""
    if load.bad_status or load.broken:
        raise RuntimeError(str(load))
    return load


def accepts(bench: Bench) -> list[Request]:
    """First decisions, each from another browser: a person pressed the button, and no press is a repetition."""
    body = urlencode({"decision": "accept_all", "disclosure": bench.disclosure, "next": "/"})
    said = (FORM, ("Sec-Fetch-Site", "same-origin"), ("Sec-Fetch-User", "?1"), ("X-Forwarded-Proto", "https"))
    return [
        Request("/sikdatnes/", "POST", body, (*said, ("User-Agent", f"{number}-{secrets.token_hex(4)}")))
        for number in range(BROWSERS)
    ]


def accepts_of_theirs() -> list[Request]:
    """The same for their view, with the token that it wants."""
    token = secrets.token_hex(16)
    headers = (FORM, ("Cookie", f"csrftoken={token}"), ("X-CSRFToken", token))
    return [Request("/cookies/accept/", "POST", urlencode({"all_groups": "on", "next": "/"}), headers)]
