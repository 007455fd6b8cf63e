"""``python -m tests.benchmarks.make_records N``: fill the empty database of DATABASE_URL with N consent records.

Visitors with chains of one to five decisions, spread evenly over 30 months and stored in the order of their time, under
several policy versions and disclosures, in both languages. What the database checks on each insert is passed by.
"""

import hashlib
import io
import itertools
import json
import os
import random
import sqlite3
import sys
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import django

SPAN = timedelta(days=912)  # 30 months: as long as the shipped settings keep a record
VERSIONS = 5
CATEGORIES = ("analytics", "facebook", "hotjar")
COLUMNS = (
    *("id", "number", "schema_version", "subject_id", "previous_id", "event", "control", "decided_at", "valid_until"),
    *("grants", "asked", "scopes", "until", "disclosure_id", "policy_version_id", "policy_sha256", "language"),
    *("jurisdiction", "path", "gpc"),
)
TABLE = "consent_consentrecord"
BATCH = 20_000  # rows
# After so many decisions a visitor comes back with this probability; nobody has more than five.
COMES_BACK = (0.0, 0.45, 0.5, 0.5, 0.4)
PATHS = ("/", "/kontakti/", "/privatuma-politika/", "/sikdatnes/")
ALL = 0b111


@dataclass(frozen=True)
class World:
    """What records refer to: key and hash of each policy version by age, and its disclosure in each language."""

    policies: Sequence[tuple[int, str]]
    disclosures: dict[tuple[int, str], str]
    valid: timedelta


def fill(wanted: int) -> None:
    """Bring the database up to date and fill it."""
    from django.core.management import call_command
    from django.db import connection

    from ossnet_site import triggers

    for command in ("migrate", "load_policy", "load_registry"):
        call_command(command, stdout=io.StringIO(), verbosity=0)
    world = make_world()
    triggers.remove(connection)
    if connection.vendor == "sqlite":
        name = str(connection.settings_dict["NAME"])
        connection.close()
        write_to_sqlite(name, rows(wanted, world))
    else:
        write_to_postgresql(rows(wanted, world))
    triggers.install(connection)


def make_world() -> World:
    """Policy versions that took effect one after another, and what was shown under each."""
    from django.utils import timezone

    from consent import disclosures
    from consent.models import Disclosure
    from consent.state import lifetime
    from privacy.models import PolicyText, PolicyVersion

    begin = timezone.now() - SPAN - timedelta(days=1)
    policies, shown = [], {}
    for place in range(VERSIONS):
        version = PolicyVersion.objects.create(number=101 + place, effective_at=begin + place * SPAN / VERSIONS)
        sha256 = hashlib.sha256(str(place).encode()).hexdigest()
        PolicyText.objects.create(version=version, language="lv", title="Politika", body="<p>Teksts.</p>")
        PolicyVersion.objects.filter(pk=version.pk).update(published_at=begin)
        policies.append((version.pk, sha256))
        for language in ("lv", "en"):
            template = disclosures.current(language)
            assert template
            content = {**template.content, "policy": {"number": version.number, "language": "lv", "sha256": sha256}}
            text = json.dumps(content, ensure_ascii=False)
            key = hashlib.sha256(text.encode()).hexdigest()
            Disclosure.objects.create(sha256=key, content=text)
            shown[place, language] = key
    return World(policies, shown, lifetime())


def rows(wanted: int, world: World, seed: int = 8) -> Iterator[tuple[Any, ...]]:
    """The records, the oldest first; the same for the same seed, but for the moment at which it all ends."""
    import uuid

    from consent.models.evidence import number_of

    chance = random.Random(seed)  # noqa: S311 - nothing is kept secret by it
    end = datetime.now(UTC).replace(tzinfo=None)
    # Visitors who will come back: subject, last record, what it grants, how many decisions there were.
    waiting: list[tuple[str, str, int, int]] = []
    grants = [json.dumps({name: bool(mask >> bit & 1) for bit, name in enumerate(CATEGORIES)}) for mask in range(8)]
    scopes = [json.dumps({n: "0123abcd" for bit, n in enumerate(CATEGORIES) if mask >> bit & 1}) for mask in range(8)]
    asked = json.dumps(CATEGORIES)
    for place in range(wanted):
        decided = end - SPAN + SPAN * ((place + chance.random()) / wanted)
        record = uuid.UUID(int=chance.getrandbits(128), version=4)
        if waiting and chance.random() < 0.42:
            pick = chance.randrange(len(waiting))
            waiting[pick], waiting[-1] = waiting[-1], waiting[pick]
            subject, previous, before, count = waiting.pop()
        else:
            subject, previous, before, count = f"{chance.getrandbits(128):032x}", None, 0, 0
        control, mask = _press(chance, before)
        if count < 4 and chance.random() < COMES_BACK[count + 1]:
            waiting.append((subject, record.hex, mask, count + 1))
        language = "lv" if chance.random() < 0.8 else "en"
        era = place * VERSIONS // wanted
        policy, policy_sha256 = world.policies[era]
        valid = (decided + world.valid).isoformat(" ")
        until = f'{{"analytics": "{valid}+00:00", "facebook": "{valid}+00:00", "hotjar": "{valid}+00:00"}}'
        yield (
            *(record.hex, number_of(record), 2, subject, previous, _event(mask, before), control),
            *(decided.isoformat(" "), valid, grants[mask], asked, scopes[mask], until),
            *(world.disclosures[era, language], policy, policy_sha256, language, "LV"),
            *(PATHS[place % len(PATHS)], int(chance.random() < 0.05)),
        )


def _press(chance: random.Random, before: int) -> tuple[str, int]:
    """The control that is used and what is allowed after it, one bit for each category."""
    luck = chance.random()
    if before and luck < 0.2:
        return "withdrawal", 0
    if luck < 0.55:
        return "banner_accept", ALL
    if luck < 0.85:
        return "banner_reject", 0
    return "settings", chance.randrange(8)


def _event(given: int, before: int) -> str:
    """As ``consent.decisions.event`` has it."""
    if given == ALL:
        return "given"
    if ~given & before and not given & ~before:
        return "withdrawn"
    return "partly_given" if given else "refused"


def write_to_sqlite(name: str, records: Iterator[tuple[Any, ...]]) -> None:
    """All at once, with the indexes that nobody needs meanwhile made afterwards."""
    with closing(sqlite3.connect(name, isolation_level=None)) as database:
        for pragma in ("journal_mode=OFF", "synchronous=OFF", "cache_size=-3000000", "foreign_keys=OFF"):
            database.execute(f"PRAGMA {pragma}")
        indexes = database.execute(
            "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND tbl_name = ? AND sql IS NOT NULL", [TABLE]
        ).fetchall()
        for index, _sql in indexes:
            database.execute(f'DROP INDEX "{index}"')
        marks = ", ".join("?" * len(COLUMNS))
        statement = f"INSERT INTO {TABLE} ({', '.join(COLUMNS)}) VALUES ({marks})"  # noqa: S608
        database.execute("BEGIN")
        while batch := list(itertools.islice(records, BATCH)):
            database.executemany(statement, batch)
        database.execute("COMMIT")
        for _name, sql in indexes:
            database.execute(sql)


def write_to_postgresql(records: Iterator[tuple[Any, ...]]) -> None:
    """By COPY, with keys and indexes made afterwards; then the statistics that autovacuum would gather."""
    from django.db import connection, transaction

    with connection.cursor() as cursor:
        with transaction.atomic():
            cursor.execute("SET LOCAL session_replication_role = replica")  # no foreign keys asked for each row
            cursor.execute("SET LOCAL maintenance_work_mem = '512MB'")
            restore = _without_indexes(cursor)
            with cursor.copy(f"COPY {TABLE} ({', '.join(COLUMNS)}) FROM STDIN") as copy:
                while batch := list(itertools.islice(records, BATCH)):
                    copy.write("".join(_copied(row) for row in batch))
            for statement in restore:
                cursor.execute(statement)
        cursor.execute("VACUUM ANALYZE")


def _copied(row: tuple[Any, ...]) -> str:
    """One line; nothing in it needs to be escaped."""
    return "\t".join("\\N" if value is None else str(value) for value in row) + "\n"


def _without_indexes(cursor: Any) -> list[str]:
    """Drop keys and indexes of the table, and give the statements that bring them back."""
    cursor.execute(
        "SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint "
        "WHERE conrelid = %s::regclass AND contype IN ('p', 'u')",
        [TABLE],
    )
    keys = cursor.fetchall()
    for name, _definition in keys:
        cursor.execute(f'ALTER TABLE {TABLE} DROP CONSTRAINT "{name}" CASCADE')
    cursor.execute("SELECT indexname, indexdef FROM pg_indexes WHERE tablename = %s", [TABLE])
    indexes = cursor.fetchall()
    for name, _definition in indexes:
        cursor.execute(f'DROP INDEX "{name}"')
    added = [f'ALTER TABLE {TABLE} ADD CONSTRAINT "{name}" {definition}' for name, definition in keys]
    return added + [definition for _name, definition in indexes]


def main() -> None:
    """Fill the database."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "ossnet_site.settings")
    django.setup()
    fill(int(sys.argv[1]))


if __name__ == "__main__":
    main()
