"""What browsers report that they refused."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class CspReport(models.Model):
    """What browsers refused on one kind of page, counted: no visitor, no address, no query string."""

    document = models.CharField(_("page"), max_length=200, help_text=_("The pattern of its address."))
    directive = models.CharField(_("directive"), max_length=40)
    blocked = models.CharField(
        _("refused by the browser"), max_length=270, help_text=_("A host, or what kind of code it was.")
    )
    count = models.PositiveBigIntegerField(_("reports"), default=0)
    first_seen = models.DateTimeField(_("first seen"))
    last_seen = models.DateTimeField(_("last seen"), db_index=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["document", "directive", "blocked"], name="csp_report_once"),
        ]
        ordering = ["-last_seen"]
        verbose_name = _("browser report")
        verbose_name_plural = _("browser reports")

    def __str__(self) -> str:
        return f"{self.directive} {self.blocked}"
