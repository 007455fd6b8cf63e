"""Privacy policy versions."""

from typing import Any

from django.apps import AppConfig
from django.core.checks import register
from django.db import connections
from django.db.models.signals import post_migrate, pre_migrate
from django.utils.translation import gettext_lazy as _


class PrivacyConfig(AppConfig):
    """The app that keeps, renders and shows the privacy policy. It knows nothing of consent."""

    name = "privacy"
    verbose_name = _("Privacy policy")

    def ready(self) -> None:
        """Guard the tables after every migration, and have each start look whether they are guarded."""
        from privacy.checks import published_texts_are_guarded

        pre_migrate.connect(lift_guards, sender=self)
        post_migrate.connect(install_guards, sender=self)
        register(published_texts_are_guarded, "database")


def lift_guards(using: str, **kwargs: Any) -> None:
    """Take the triggers away while tables are rebuilt: SQLite cannot rename a table that another's trigger names."""
    from privacy import guards

    guards.remove(connections[using])


def install_guards(using: str, **kwargs: Any) -> None:
    """Put the triggers in place; the check at start notices when a migration failed before this."""
    from privacy import guards

    guards.install(connections[using])
