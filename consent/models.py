"""The registry's texts beside django-cookie-consent's models, and the evidence: disclosures and consent records."""

from __future__ import annotations

import uuid

from cookie_consent.models import Cookie, CookieGroup
from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext_lazy as _

from consent.services import ALL_SERVICES, category_of
from privacy.models import PolicyVersion


class Party(models.TextChoices):
    """Whose cookie it is: set for this site's own domain, or for another."""

    FIRST = "first", _("first party")
    THIRD = "third", _("third party")


class CategoryText(models.Model):
    """A category's name and plain-language purpose in both languages."""

    group = models.OneToOneField(CookieGroup, on_delete=models.CASCADE, related_name="text", verbose_name=_("category"))
    name_lv = models.CharField(_("name in Latvian"), max_length=100)
    name_en = models.CharField(_("name in English"), max_length=100)
    purpose_lv = models.TextField(_("purpose in Latvian"))
    purpose_en = models.TextField(_("purpose in English"))

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="category_text_complete",
                condition=~models.Q(name_lv="")
                & ~models.Q(name_en="")
                & ~models.Q(purpose_lv="")
                & ~models.Q(purpose_en=""),
            ),
        ]
        verbose_name = _("category text")
        verbose_name_plural = _("category texts")

    def __str__(self) -> str:
        return self.name_en


class CookieDeclaration(models.Model):
    """What the law wants said of one cookie (CJEU C-673/17: also its duration and who can read it)."""

    cookie = models.OneToOneField(
        Cookie, on_delete=models.CASCADE, related_name="declaration", verbose_name=_("cookie")
    )
    service = models.CharField(
        _("service"), max_length=50, blank=True, choices=[(service.slug, service.name) for service in ALL_SERVICES]
    )
    provider = models.CharField(_("provider"), max_length=200)
    purpose_lv = models.TextField(_("purpose in Latvian"))
    purpose_en = models.TextField(_("purpose in English"))
    duration_lv = models.CharField(_("duration in Latvian"), max_length=100)
    duration_en = models.CharField(_("duration in English"), max_length=100)
    party = models.CharField(_("party"), max_length=5, choices=Party.choices)
    necessary_because_lv = models.TextField(_("necessary because, in Latvian"), blank=True)
    necessary_because_en = models.TextField(_("necessary because, in English"), blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="cookie_declaration_complete",
                condition=~models.Q(provider="")
                & ~models.Q(purpose_lv="")
                & ~models.Q(purpose_en="")
                & ~models.Q(duration_lv="")
                & ~models.Q(duration_en="")
                & models.Q(party__in=Party.values),
            ),
            # A cookie belongs to a service, or is ours and necessary, with the reason written down.
            models.CheckConstraint(
                name="cookie_declaration_justified",
                condition=~models.Q(service="")
                | (~models.Q(necessary_because_lv="") & ~models.Q(necessary_because_en="")),
            ),
        ]
        verbose_name = _("cookie declaration")
        verbose_name_plural = _("cookie declarations")

    def __str__(self) -> str:
        return self.cookie.name

    def clean(self) -> None:
        """Name the fault beside its field, before the database or the public page refuses the row."""
        if category_of(self.service) != self.cookie.cookiegroup.varname:
            raise ValidationError({"service": _("A cookie stands in the category of the service that sets it.")})
        if not self.service and not (self.necessary_because_lv and self.necessary_because_en):
            reason = _("Say in both languages why the cookie is necessary, or choose the service that sets it.")
            raise ValidationError({"necessary_because_lv": reason})


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

    SCHEMA_VERSION = 1

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
    schema_version = models.PositiveSmallIntegerField(_("schema version"), default=SCHEMA_VERSION)
    subject_id = models.UUIDField(_("subject id"), db_index=True)
    previous = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, blank=True, verbose_name=_("previous record")
    )
    event = models.CharField(_("event"), max_length=12, choices=Event.choices)
    control = models.CharField(_("control"), max_length=13, choices=Control.choices)
    decided_at = models.DateTimeField(_("decided"), db_index=True)
    valid_until = models.DateTimeField(_("valid until"))
    grants = models.JSONField(_("grants"), help_text=_("An explicit yes or no per category."))
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
    jurisdiction = models.CharField(_("jurisdiction"), max_length=2, default="LV")
    path = models.CharField(_("page"), max_length=2000)
    gpc = models.BooleanField(_("Global Privacy Control signal"))

    class Meta:
        ordering = ["-decided_at"]
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
        return str(self.id)
