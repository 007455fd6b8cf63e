"""The registry belongs to the privacy officers, who see what became of it."""

from django.apps import apps as installed
from django.contrib.auth.management import create_permissions
from django.db import migrations

PERMISSIONS = (
    *("view_category", "change_category", "view_categorytext", "change_categorytext"),
    *("view_servicetext", "change_servicetext"),
    *("view_declaredcookie", "add_declaredcookie", "change_declaredcookie", "delete_declaredcookie"),
    *("view_cookiedeclaration", "add_cookiedeclaration", "change_cookiedeclaration", "delete_cookiedeclaration"),
    *("view_grantsended", "view_purge"),
)


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
    dependencies = [("consent", "0002_evidence"), ("privacy", "0003_staff_roles")]

    operations = [migrations.RunPython(extend_role, reduce_role)]
