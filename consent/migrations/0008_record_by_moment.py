"""The index of the list of staff in the place of the one on the moment alone, which it covers."""

from django.db import migrations, models

TABLE = "consent_consentrecord"


def drop_the_old(apps, schema_editor):
    # By its columns: Django made up its name. On SQLite AlterField would write the whole table anew.
    connection = schema_editor.connection
    with connection.cursor() as cursor:
        found = connection.introspection.get_constraints(cursor, TABLE)
    for name, facts in found.items():
        if facts["index"] and facts["columns"] == ["decided_at"]:
            schema_editor.execute(f"DROP INDEX {schema_editor.quote_name(name)}")


def bring_it_back(apps, schema_editor):
    schema_editor.execute(f"CREATE INDEX {TABLE}_decided_at ON {TABLE} (decided_at)")


class Migration(migrations.Migration):
    dependencies = [("consent", "0007_daily_summary")]

    operations = [
        migrations.AddIndex(
            model_name="consentrecord",
            index=models.Index(fields=["-decided_at", "-id"], name="record_by_moment"),
        ),
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.AlterField(
                    model_name="consentrecord",
                    name="decided_at",
                    field=models.DateTimeField(verbose_name="decided"),
                ),
            ],
            database_operations=[migrations.RunPython(drop_the_old, bring_it_back)],
        ),
    ]
