"""Tells Django which site its admin is."""

from django.contrib.admin.apps import AdminConfig


class StaffConfig(AdminConfig):
    """django.contrib.admin with our site."""

    default_site = "ossnet_site.staff_site.StaffSite"
