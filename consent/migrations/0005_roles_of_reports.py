"""Privacy officers see what browsers refused, and clear it away."""

from django.apps import apps as installed
from django.contrib.auth.management import create_permissions
from django.db import migrations

PERMISSIONS = ("view_cspreport", "delete_cspreport")


def extend_role(apps, schema_editor):
    # Django makes the permissions after all migrations; this role needs them now.
    create_permissions(installed.get_app_config("consent"), verbosity=0, using=schema_editor.connection.alias)
    Permission = apps.get_model("auth", "Permission")
    # A site that renamed or deleted the role has roles of its own.
    for group in apps.get_model("auth", "Group").objects.filter(name="Privacy officers"):
        group.permissions.add(*Permission.objects.filter(content_type__app_label="consent", codename__in=PERMISSIONS))


def reduce_role(apps, schema_editor):
    Permission = apps.get_model("auth", "Permission")
    for group in apps.get_model("auth", "Group").objects.filter(name="Privacy officers"):
        group.permissions.remove(
            *Permission.objects.filter(content_type__app_label="consent", codename__in=PERMISSIONS)
        )


class Migration(migrations.Migration):
    dependencies = [("consent", "0004_csp_reports")]

    operations = [migrations.RunPython(extend_role, reduce_role)]
