"""The site itself."""

from typing import Any

from django.apps import AppConfig, apps
from django.conf import settings
from django.contrib.auth.signals import user_logged_in
from django.core.checks import register
from django.db import connections
from django.db.models.signals import post_migrate, pre_migrate, pre_save


class SiteConfig(AppConfig):
    """The only app that knows both privacy and consent."""

    name = "ossnet_site"
    verbose_name = "OSS Networks"

    def ready(self) -> None:
        """Guard the tables after every migration, have each start look for what is missing, and watch the door."""
        from ossnet_site import checks, door, lockout

        # Each app with models sends these signals before the first and after the last migration; one is enough.
        sender = apps.get_app_config("privacy")
        pre_migrate.connect(lift_guards, sender=sender)
        post_migrate.connect(install_guards, sender=sender)
        register(checks.evidence_is_guarded, "database")
        register(checks.security_txt_is_current, "security")
        for check in (checks.staff_have_a_second_factor, checks.production_is_sound, checks.processes_count_together):
            register(check, "security", deploy=True)
        user_logged_in.connect(door.start_session)
        if settings.SENTRY_DSN:
            from ossnet_site import faults  # without the setting the library is not even imported

            faults.start_reporting()
        pre_save.connect(lockout.forget_what_was_sent, sender=apps.get_model("axes", "AccessAttempt"))


def lift_guards(using: str, **kwargs: Any) -> None:
    """Take the triggers away while tables are rebuilt: SQLite cannot rename a table that another's trigger names."""
    from ossnet_site import triggers

    triggers.remove(connections[using])


def install_guards(using: str, **kwargs: Any) -> None:
    """Put the triggers in place; the check at start notices when a migration failed before this."""
    from ossnet_site import triggers

    triggers.install(connections[using])
