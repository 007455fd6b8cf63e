"""What staff know of decisions without looking at anybody's: numbers for each day, which outlive the records."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class DailySummary(models.Model):
    """One day of the site's time zone (``consent.summaries``): no visitor, no record, nothing that leads to one."""

    day = models.DateField(_("day"), primary_key=True)
    decisions = models.PositiveIntegerField(_("decisions"))
    counted_at = models.DateTimeField(_("counted"), help_text=_("Later decisions of the day are not in it yet."))

    class Meta:
        ordering = ["-day"]
        default_permissions = ()  # it shows to those who may see the records
        verbose_name = _("statistics of a day")
        verbose_name_plural = _("statistics of decisions")

    def __str__(self) -> str:
        return f"{self.day:%d.%m.%Y}"


class DailyCount(models.Model):
    """How many of a day's decisions have one property: at most a few dozen rows a day, however many decisions."""

    class Measure(models.TextChoices):
        """What the value is one of."""

        EVENT = "event", _("event")
        CONTROL = "control", _("control")
        # Of the decisions that answered a question: the withdrawal button asks none.
        ASKED = "asked", _("asked for the category")
        GRANTED = "granted", _("allowed the category")

    summary = models.ForeignKey(DailySummary, on_delete=models.CASCADE, related_name="counts", verbose_name=_("day"))
    policy_number = models.PositiveIntegerField(_("policy version"), help_text=_("0 when none is known."))
    measure = models.CharField(_("property"), max_length=7, choices=Measure.choices)
    value = models.CharField(_("value"), max_length=32)
    count = models.PositiveIntegerField(_("decisions"))

    class Meta:
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(fields=["summary", "policy_number", "measure", "value"], name="daily_count_once"),
        ]

    def __str__(self) -> str:
        return f"{self.summary_id}, {self.policy_number}, {self.measure} {self.value}: {self.count}"
