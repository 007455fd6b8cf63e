"""What every decision paid for and nobody asked: three indexes of PostgreSQL, and a second tree.

``varchar_pattern_ops`` indexes serve LIKE with a beginning, which nothing here asks. They go without a lock that
decisions would wait for: the release before this one takes decisions meanwhile. On SQLite the presses of the last
moments live in their key's own tree. Whatever presses are remembered while this runs are forgotten: they live seconds.
"""

from django.db import migrations, transaction

LIKE = (
    ("consent_recentdecision", "key"),
    ("consent_consentrecord", "disclosure_id"),
    ("consent_consentrecord", "number"),
)
# The release before this one writes the same columns.
PRESSES = """
    CREATE TABLE consent_recentdecision (
        key varchar(64) NOT NULL PRIMARY KEY, record_id char(32) NOT NULL, expires_at datetime NOT NULL
    )
"""


def lighten(apps, schema_editor):
    if schema_editor.connection.vendor == "sqlite":
        make_anew(schema_editor, f"{PRESSES} WITHOUT ROWID")
        return
    for table, column, name in _like_indexes(schema_editor.connection):
        if (table, column) in LIKE:
            schema_editor.execute(f"DROP INDEX CONCURRENTLY {schema_editor.quote_name(name)}")


def bring_back(apps, schema_editor):
    if schema_editor.connection.vendor == "sqlite":
        make_anew(schema_editor, PRESSES)
        return
    for table, column in LIKE:
        name = f"{table}_{column}_like"
        schema_editor.execute(f"CREATE INDEX CONCURRENTLY {name} ON {table} ({column} varchar_pattern_ops)")


def make_anew(schema_editor, statement):
    with transaction.atomic(using=schema_editor.connection.alias):
        schema_editor.execute("DROP TABLE consent_recentdecision")
        schema_editor.execute(statement)


def _like_indexes(connection):
    """Table, column and name of each index of that kind."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT c.relname, a.attname, i.relname FROM pg_index x
            JOIN pg_class c ON c.oid = x.indrelid JOIN pg_class i ON i.oid = x.indexrelid
            JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = x.indkey[0]
            JOIN pg_opclass o ON o.oid = x.indclass[0]
            WHERE x.indnatts = 1 AND pg_table_is_visible(c.oid)
                AND o.opcname IN ('varchar_pattern_ops', 'text_pattern_ops')
            """
        )
        return cursor.fetchall()


class Migration(migrations.Migration):
    atomic = False  # CONCURRENTLY goes without a transaction
    dependencies = [("consent", "0009_fewer_indexes")]

    operations = [migrations.RunPython(lighten, bring_back)]
