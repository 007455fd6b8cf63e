"""Two indexes that nothing asks go; each costs every decision a page of the disk."""

import django.db.models.deletion
from django.db import migrations, models

UNUSED = {"consent_consentrecord": "previous_id", "consent_recentdecision": "expires_at"}


def drop(apps, schema_editor):
    # By their columns: Django made up their names. On SQLite AlterField would write the whole table anew.
    connection = schema_editor.connection
    for table, column in UNUSED.items():
        with connection.cursor() as cursor:
            found = connection.introspection.get_constraints(cursor, table)
        for name, facts in found.items():
            if facts["index"] and facts["columns"] == [column]:
                schema_editor.execute(f"DROP INDEX {schema_editor.quote_name(name)}")


def bring_back(apps, schema_editor):
    for table, column in UNUSED.items():
        schema_editor.execute(f"CREATE INDEX {table}_{column} ON {table} ({column})")


class Migration(migrations.Migration):
    dependencies = [("consent", "0008_record_by_moment")]

    operations = [
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.AlterField(
                    model_name="consentrecord",
                    name="previous",
                    field=models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        to="consent.consentrecord",
                        verbose_name="previous record",
                    ),
                ),
                migrations.AlterField(model_name="recentdecision", name="expires_at", field=models.DateTimeField()),
            ],
            database_operations=[migrations.RunPython(drop, bring_back)],
        ),
    ]
