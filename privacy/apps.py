"""Privacy policy versions."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class PrivacyConfig(AppConfig):
    """The app that keeps, renders and shows the privacy policy. It knows nothing of consent."""

    name = "privacy"
    verbose_name = _("Privacy policy")
