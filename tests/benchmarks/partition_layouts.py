"""The records of ``tests.benchmarks.partitions``, twice: in one table as the site has it, and in monthly partitions.

The second table has the same name in a schema of its own, so that ``SET search_path`` turns the site's own code to it.
"""

import io
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

from tests.benchmarks.make_records import CATEGORIES, COLUMNS, SPAN, TABLE, World, _without_indexes, make_world

ONE, MONTHLY = "public", "partitioned"
LAYOUTS = {ONE: "public", MONTHLY: "partitioned, public"}  # with what each is searched for
# PostgreSQL keeps keys unique within each partition alone, so that they must hold its column.
UNIQUE = {"PRIMARY KEY (id)": "PRIMARY KEY (id, decided_at)", "UNIQUE (number)": "UNIQUE (number, decided_at)"}
# Two of five come back, later ones seldom to the same record; nothing else in a query depends on who it is.
FILL = f"""
    INSERT INTO {ONE}.{TABLE} ({", ".join(COLUMNS)})
    SELECT id, substr(md5(id::text), 1, 14), 2, md5('visitor ' || visitor)::uuid,
        CASE WHEN visitor < place THEN md5('record ' || visitor)::uuid END,
        CASE mask WHEN 7 THEN 'given' WHEN 0 THEN 'refused' ELSE 'partly_given' END,
        CASE mask WHEN 7 THEN 'banner_accept' WHEN 0 THEN 'banner_reject' ELSE 'settings' END,
        decided, decided + %(valid)s,
        (%(grants)s::jsonb[])[mask + 1], %(asked)s::jsonb, (%(scopes)s::jsonb[])[mask + 1],
        jsonb_build_object('analytics', decided + %(valid)s, 'facebook', decided + %(valid)s,
                           'hotjar', decided + %(valid)s),
        (%(disclosures)s::text[])[era * 2 + language + 1], (%(policies)s::bigint[])[era + 1],
        (%(hashes)s::text[])[era + 1], CASE language WHEN 0 THEN 'lv' ELSE 'en' END, 'LV', '/kontakti/', false
    FROM (
        SELECT place, gen_random_uuid() AS id, %(begin)s + %(span)s * (place::float8 / %(wanted)s) AS decided,
            CASE WHEN random() < 0.42 THEN (random() * place)::bigint ELSE place END AS visitor,
            (ARRAY[7, 7, 7, 0, 0, 0, 1, 2, 3, 4, 5, 6])[1 + (random() * 11)::int] AS mask,
            (random() < 0.2)::int AS language, place * 5 / (%(wanted)s + 1) AS era
        FROM generate_series(1, %(wanted)s) AS place
    ) AS rows
"""  # noqa: S608 - no part comes from outside


def make(wanted: int) -> None:
    """Both layouts with the same rows, indexes, references and guards."""
    from django.core.management import call_command
    from django.db import connection, transaction

    from ossnet_site import triggers

    for command in ("migrate", "load_policy", "load_registry"):
        call_command(command, stdout=io.StringIO(), verbosity=0)
    world = make_world()
    triggers.remove(connection)
    with connection.cursor() as cursor:
        # In one transaction with its TRUNCATE, so that a server with wal_level=minimal logs none of it.
        with transaction.atomic():
            cursor.execute("SET LOCAL session_replication_role = replica")
            cursor.execute("SET LOCAL maintenance_work_mem = '1GB'")
            restore = _without_indexes(cursor)
            cursor.execute(f"TRUNCATE {TABLE}")
            cursor.execute(FILL, values(wanted, world))
            make_partitions(cursor)
            columns = ", ".join(COLUMNS)
            cursor.execute(f"INSERT INTO {MONTHLY}.{TABLE} ({columns}) SELECT {columns} FROM {ONE}.{TABLE}")  # noqa: S608
            for statement in restore:
                cursor.execute(statement)
                cursor.execute(for_partitions(statement))
        cursor.execute("VACUUM ANALYZE")
        triggers.install(connection)
        guard(cursor)


def values(wanted: int, world: World) -> dict[str, Any]:
    """What the statement puts in."""
    import json

    masks = [{name: bool(mask >> bit & 1) for bit, name in enumerate(CATEGORIES)} for mask in range(8)]
    return {
        "wanted": wanted,
        "begin": datetime.now(UTC) - SPAN,
        "span": SPAN,
        "valid": world.valid,
        "grants": [json.dumps(mask) for mask in masks],
        "asked": json.dumps(CATEGORIES),
        "scopes": [json.dumps({name: "0123abcd" for name, given in mask.items() if given}) for mask in masks],
        "disclosures": [world.disclosures[era, language] for era in range(5) for language in ("lv", "en")],
        "policies": [key for key, _sha256 in world.policies],
        "hashes": [sha256 for _key, sha256 in world.policies],
    }


def make_partitions(cursor: Any) -> None:
    """By the month of the decision, until after the next one."""
    cursor.execute(f"CREATE SCHEMA {MONTHLY}")
    cursor.execute(
        f"CREATE TABLE {MONTHLY}.{TABLE} (LIKE {ONE}.{TABLE} INCLUDING DEFAULTS INCLUDING CONSTRAINTS) "
        "PARTITION BY RANGE (decided_at)"
    )
    for begin, end in pairwise(months(datetime.now(UTC) - SPAN, datetime.now(UTC) + timedelta(days=32))):
        cursor.execute(
            f"CREATE TABLE {MONTHLY}.month_{begin:%Y_%m} PARTITION OF {MONTHLY}.{TABLE} FOR VALUES FROM (%s) TO (%s)",
            [begin, end],
        )
    cursor.execute(
        "SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conrelid = %s::regclass AND contype = 'f'",
        [f"{ONE}.{TABLE}"],
    )
    for (definition,) in cursor.fetchall():
        cursor.execute(f"ALTER TABLE {MONTHLY}.{TABLE} ADD {definition.partition(' DEFERRABLE')[0]}")


def months(first: datetime, last: datetime) -> list[datetime]:
    """The first day of each month, from the month of ``first`` until after ``last``."""
    begins = [first.replace(day=1, hour=0, minute=0, second=0, microsecond=0)]
    while begins[-1] <= last:
        begins.append((begins[-1] + timedelta(days=32)).replace(day=1))
    return begins


def for_partitions(statement: str) -> str:
    """The same key or index on the partitioned table."""
    for alone, with_moment in UNIQUE.items():
        statement = statement.replace(alone, with_moment)
    return statement.replace(f"{ONE}.", f"{MONTHLY}.").replace(f"TABLE {TABLE}", f"TABLE {MONTHLY}.{TABLE}")


def guard(cursor: Any) -> None:
    """The triggers that refuse, which PostgreSQL hands down to the partitions."""
    cursor.execute(
        "SELECT pg_get_triggerdef(oid) FROM pg_trigger WHERE tgrelid = %s::regclass AND NOT tgisinternal "
        "AND tgname NOT LIKE '%%no_truncate'",
        [f"{ONE}.{TABLE}"],
    )
    for (definition,) in cursor.fetchall():
        cursor.execute(definition.replace(f"{ONE}.{TABLE}", f"{MONTHLY}.{TABLE}"))
