"""All addresses. Those of visitors are translated: Latvian at the root, English under ``/en/``."""

from django.conf.urls.i18n import i18n_patterns
from django.contrib import admin
from django.urls import include, path
from django.utils.translation import gettext_lazy as _

from consent import csp_reports, well_known
from ossnet_site import search, security_txt, views

urlpatterns = [
    path("admin/", admin.site.urls),
    path("favicon.ico", views.favicon, name="favicon"),
    path("robots.txt", search.robots, name="robots"),
    path("sitemap.xml", search.site_map, name="site-map"),
    path("csp-reports/", csp_reports.receive, name="csp-reports"),
    path(".well-known/gpc.json", views.global_privacy_control, name="gpc"),
    path(".well-known/jwks.json", well_known.signing_keys, name="signing-keys"),
    path(".well-known/consent-log.json", well_known.newest_seal, name="newest-seal"),
    path(".well-known/security.txt", security_txt.show, name="security-txt"),
    *i18n_patterns(
        path("", views.show_home, name="show-home"),
        path(_("contacts/"), views.show_contacts, name="show-contacts"),
        path(_("privacy-policy/"), include("privacy.urls")),
        path(_("cookies/"), include("consent.urls")),
        prefix_default_language=False,
    ),
]

handler400 = "ossnet_site.views.bad_request"
handler403 = "ossnet_site.views.permission_denied"
handler404 = "ossnet_site.views.page_not_found"
handler500 = "ossnet_site.views.server_error"
