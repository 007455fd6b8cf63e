"""Point 4: one decision a request, against django-cookie-consent's accept view on the same database and settings."""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
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


def measure(folder: Path, *, rounds: int, seconds: float) -> list[Row]:
    """Both engines."""
    rows = on("SQLite", folder / "sqlite", "", 3, rounds=rounds, seconds=seconds)
    with durable_postgresql() as address:
        return rows + on("PostgreSQL", folder / "postgresql", address, 2, rounds=rounds, seconds=seconds)


def on(engine: str, folder: Path, address: str, required: float, *, rounds: int, seconds: float) -> list[Row]:
    """Interleaved rounds of both sites; afterwards the records are counted."""
    ours = Bench(folder, database=address)
    their_address = named(address, "theirs") if address else f"sqlite:///{folder}/theirs.sqlite3"
    if address:
        inside(ours.env, "tests.benchmarks.make_database", "theirs")
    theirs = ours.env | {"DATABASE_URL": their_address, "DJANGO_SETTINGS_MODULE": "tests.benchmarks.theirs"}
    inside(theirs, "tests.benchmarks.theirs", "prepare")
    ratios, tails, rates, processor, theirs_processor, answered = [], [], [], [], [], 0
    for _round in range(rounds):
        with gunicorn("tests.benchmarks.their_wsgi", theirs) as server:
            server.load(folder, accepts_of_theirs(), 1)
            floor = checked(server.load(folder, accepts_of_theirs(), seconds))
        with gunicorn("ossnet_site.wsgi", ours.env) as server:
            answered += checked(server.load(folder, accepts(ours), 1)).requests
            load = checked(server.load(folder, accepts(ours), seconds))
        answered += load.requests
        ratios.append(load.rate / floor.rate)
        tails.append(load.p99 / load.p50)
        rates.append(load.rate)
        processor.append(load.processor)
        theirs_processor.append(floor.processor)
    counted = ours.inside("decided")
    # The last answers of a load may be on their way when it ends.
    beyond = counted["records"] - answered
    doubled = counted["records"] - counted["subjects"]
    most = 2 * rounds * CONNECTIONS
    return [
        Row(4, f"decisions on {engine}", ratios, required=required, note="against django-cookie-consent"),
        Row(4, f"decisions on {engine}", rates, "a second"),
        Row(4, f"processor for one on {engine}", processor, "µs"),
        Row(4, f"processor for one of theirs on {engine}", theirs_processor, "µs"),
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
