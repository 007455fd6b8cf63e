"""The site itself."""

from django.apps import AppConfig


class SiteConfig(AppConfig):
    """The only app that knows both privacy and consent."""

    name = "ossnet_site"
    verbose_name = "OSS Networks"
