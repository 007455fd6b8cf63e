"""The frame of the staff pages: they carry the company's name."""

from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from ossnet_site.company import COMPANY

admin.site.site_header = COMPANY.name
admin.site.site_title = COMPANY.name
admin.site.index_title = _("Staff pages")
