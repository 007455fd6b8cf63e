"""The evidence: what visitors decided and what they had read. Rows are added and, after years, purged; never changed.

``consent.guards`` says what the database itself refuses.
"""

from __future__ import annotations

import re
import uuid

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from consent.services import CATEGORIES
from privacy.models import PolicyVersion

# Crockford's base 32: no I, L, O or U, so that a number can be read out and copied by hand.
DIGITS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
JURISDICTION = "LV"
NUMBER_LENGTH = 12  # digits of 5 bits: the last 60 bits of the record's id, all of them random


def number_of(record_id: uuid.UUID) -> str:
    """The short record number, such as "7K3M-Q2PX-9RDT"."""
    bits = record_id.int
    digits = "".join([DIGITS[bits >> place & 31] for place in range(55, -1, -5)])
    return f"{digits[:4]}-{digits[4:8]}-{digits[8:12]}"


def as_number(text: str) -> str | None:
    """A record number as people write it (spaces, small letters, O for 0, I or L for 1); None for anything else."""
    digits = re.sub(r"[\s-]", "", text).upper().translate(str.maketrans("OIL", "011"))
    if len(digits) != NUMBER_LENGTH or not set(digits) <= set(DIGITS):
        return None
    return "-".join(digits[start : start + 4] for start in range(0, NUMBER_LENGTH, 4))


class Disclosure(models.Model):
    """The exact words, services and cookies that were on a visitor's screen, stored once per content."""

    sha256 = models.CharField(_("SHA-256"), max_length=64, primary_key=True)
    content = models.TextField(_("content"), help_text=_("Canonical JSON (RFC 8785); its hash is the key."))
    created_at = models.DateTimeField(_("created"), auto_now_add=True)

    class Meta:
        verbose_name = _("disclosure")
        verbose_name_plural = _("disclosures")

    def __str__(self) -> str:
        return self.sha256[:12]


class ConsentRecord(models.Model):
    """One decision of one visitor (GDPR article 7(1)): a new row each time, never edited."""

    SCHEMA_VERSION = 2

    class Event(models.TextChoices):
        """What happened."""

        GIVEN = "given", _("given")
        PARTLY_GIVEN = "partly_given", _("partly given")
        REFUSED = "refused", _("refused")
        WITHDRAWN = "withdrawn", _("withdrawn")

    class Control(models.TextChoices):
        """Which control the visitor used."""

        BANNER_ACCEPT = "banner_accept", _("accept button of the banner")
        BANNER_REJECT = "banner_reject", _("reject button of the banner")
        SETTINGS = "settings", _("settings page")
        WITHDRAWAL = "withdrawal", _("withdrawal button")

    id = models.UUIDField(_("record id"), primary_key=True, default=uuid.uuid4, editable=False)
    number = models.CharField(_("record number"), max_length=14, unique=True, editable=False)
    schema_version = models.PositiveSmallIntegerField(_("schema version"), default=SCHEMA_VERSION)
    subject_id = models.UUIDField(_("subject id"), db_index=True)
    # No constraint of the database: the record before this one is purged first. No index: nobody asks for the next.
    previous = models.ForeignKey(
        "self",
        on_delete=models.DO_NOTHING,
        null=True,
        blank=True,
        db_constraint=False,
        db_index=False,
        verbose_name=_("previous record"),
    )
    event = models.CharField(_("event"), max_length=12, choices=Event.choices)
    control = models.CharField(_("control"), max_length=13, choices=Control.choices)
    decided_at = models.DateTimeField(_("decided"))
    valid_until = models.DateTimeField(_("valid until"), db_index=True)
    grants = models.JSONField(_("grants"), help_text=_("An explicit yes or no per category, as it stands since."))
    asked = models.JSONField(_("asked for"), default=list, help_text=_("The categories that this decision was about."))
    scopes = models.JSONField(
        _("scopes"), default=dict, help_text=_("What each granted category stood for, as a fingerprint.")
    )
    until = models.JSONField(
        _("valid until, by category"), default=dict, help_text=_("Answers of earlier decisions keep their own time.")
    )
    disclosure = models.ForeignKey(
        Disclosure,
        on_delete=models.PROTECT,
        null=True,
        verbose_name=_("disclosure"),
        help_text=_("Empty only for a refusal or withdrawal made on a page whose words this server no longer knows."),
    )
    policy_version = models.ForeignKey(
        PolicyVersion, on_delete=models.PROTECT, null=True, verbose_name=_("policy version")
    )
    policy_sha256 = models.CharField(_("policy SHA-256"), max_length=64, blank=True)
    language = models.CharField(_("language"), max_length=2)
    jurisdiction = models.CharField(_("jurisdiction"), max_length=2, default=JURISDICTION)
    path = models.CharField(_("page"), max_length=2000)
    gpc = models.BooleanField(_("Global Privacy Control signal"))

    class Meta:
        ordering = ["-decided_at"]
        # The whole order of the list of staff: its hundredth page reads no row of those before it.
        indexes = [models.Index(fields=["-decided_at", "-id"], name="record_by_moment")]
        constraints = [
            models.CheckConstraint(
                name="grant_names_disclosure_and_policy",
                condition=models.Q(event__in=["refused", "withdrawn"])
                | (
                    models.Q(disclosure__isnull=False)
                    & models.Q(policy_version__isnull=False)
                    & ~models.Q(policy_sha256="")
                ),
            ),
        ]
        verbose_name = _("consent record")
        verbose_name_plural = _("consent records")

    def __str__(self) -> str:
        return self.number

    def save(self, *args: object, **kwargs: object) -> None:
        """Give the record the number that follows from its id."""
        self.number = number_of(self.id)
        super().save(*args, **kwargs)  # type: ignore[arg-type]

    @property
    def granted(self) -> list[str]:
        """The categories that are allowed since this decision."""
        return [category for category in CATEGORIES if self.grants.get(category) is True]

    @property
    def refused(self) -> list[str]:
        """The categories that are not."""
        return [category for category in CATEGORIES if self.grants.get(category) is False]


class GrantsEnded(models.Model):
    """That visitors are asked again for a category, why, and by whose doing."""

    category = models.CharField(_("category"), max_length=32)
    reason = models.TextField(_("reason"))
    ended_at = models.DateTimeField(_("ended"), auto_now_add=True)
    ended_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+", verbose_name=_("ended by")
    )
    grants = models.PositiveIntegerField(_("standing grants"))
    scope_before = models.CharField(_("scope before"), max_length=8)
    scope_after = models.CharField(_("scope after"), max_length=8)

    class Meta:
        ordering = ["-ended_at"]
        verbose_name = _("end of grants")
        verbose_name_plural = _("ends of grants")

    def __str__(self) -> str:
        return f"{self.category}, {self.ended_at:%d.%m.%Y}"


class Purge(models.Model):
    """One run of the purge command: the only time at which the database lets evidence be deleted."""

    started_at = models.DateTimeField(_("started"), auto_now_add=True)
    cutoff = models.DateTimeField(_("cutoff"), help_text=_("Records that were valid until then are past their time."))
    is_deleting = models.BooleanField(_("deleting"), default=False)
    records = models.PositiveIntegerField(_("deleted records"), default=0)
    disclosures = models.PositiveIntegerField(_("deleted disclosures"), default=0)
    finished_at = models.DateTimeField(_("finished"), null=True)

    class Meta:
        ordering = ["-started_at"]
        verbose_name = _("purge")
        verbose_name_plural = _("purges")

    def __str__(self) -> str:
        return f"{self.started_at:%d.%m.%Y %H:%M}"


class RecentDecision(models.Model):
    """A decision of the last minutes, so that a double click or a repeated POST finds the record it already made.

    ``key`` is a keyed hash (``consent.repeats``); no address is stored, and the row is gone with the next decisions.
    """

    key = models.CharField(max_length=64, primary_key=True)
    record_id = models.UUIDField()
    expires_at = models.DateTimeField()  # no index: a few hundred rows

    def __str__(self) -> str:
        return self.key
