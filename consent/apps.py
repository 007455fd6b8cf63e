"""Cookie consent."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ConsentConfig(AppConfig):
    """The app that asks, records, and lets the browser run only what was granted."""

    name = "consent"
    verbose_name = _("Cookie consent")
