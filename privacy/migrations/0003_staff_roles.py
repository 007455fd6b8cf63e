"""The three roles of staff, each with just its permissions."""

from django.apps import apps as installed
from django.contrib.auth.management import create_permissions
from django.db import migrations

ROLES = {
    "Policy editors": [
        ("privacy", "add_policyversion"),
        ("privacy", "change_policyversion"),
        ("privacy", "view_policyversion"),
        ("privacy", "add_policytext"),
        ("privacy", "change_policytext"),
        ("privacy", "view_policytext"),
    ],
    "Policy publishers": [
        ("privacy", "view_policyversion"),
        ("privacy", "view_policytext"),
        ("privacy", "publish"),
    ],
    "Privacy officers": [
        ("privacy", "view_policyversion"),
        ("privacy", "view_policytext"),
        ("consent", "view_consentrecord"),
        ("consent", "view_disclosure"),
    ],
}


def create_roles(apps, schema_editor):
    # Django makes the permissions after all migrations; these roles need them now.
    for label in ("privacy", "consent"):
        create_permissions(installed.get_app_config(label), verbosity=0, using=schema_editor.connection.alias)
    Group = apps.get_model("auth", "Group")
    Permission = apps.get_model("auth", "Permission")
    for name, permissions in ROLES.items():
        group, _created = Group.objects.get_or_create(name=name)
        for app_label, codename in permissions:
            permission = Permission.objects.get(content_type__app_label=app_label, codename=codename)
            group.permissions.add(permission)


def remove_roles(apps, schema_editor):
    apps.get_model("auth", "Group").objects.filter(name__in=ROLES).delete()


class Migration(migrations.Migration):
    dependencies = [
        ("privacy", "0002_publishing"),
        ("consent", "0001_initial"),
        ("auth", "0012_alter_user_first_name_max_length"),
        ("contenttypes", "0002_remove_content_type_name"),
    ]

    operations = [migrations.RunPython(create_roles, remove_roles)]
