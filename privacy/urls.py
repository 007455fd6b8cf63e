"""Addresses of the privacy policy."""

from django.urls import path
from django.utils.translation import gettext_lazy as _

from privacy import views
from privacy.feeds import VersionFeed

app_name = "privacy"

urlpatterns = [
    path("", views.show_policy, name="show-policy"),
    path(_("versions/"), views.list_versions, name="list-versions"),
    path(_("versions/feed/"), VersionFeed(), name="version-feed"),
    path(_("versions/<int:number>/"), views.show_version, name="show-version"),
    path(_("versions/<int:number>/changes/"), views.show_changes, name="show-changes"),
    path(_("versions/<int:number>.json"), views.archive_version, name="archive-version"),
]
