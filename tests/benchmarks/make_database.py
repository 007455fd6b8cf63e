"""``python -m tests.benchmarks.make_database NAME``: another database on the server of DATABASE_URL."""

import sys

import django
from django.db import connection


def main() -> None:
    """Create it."""
    django.setup()
    with connection.cursor() as cursor:
        cursor.execute(f'CREATE DATABASE "{sys.argv[1]}"')
    sys.stdout.write("{}")


if __name__ == "__main__":
    main()
