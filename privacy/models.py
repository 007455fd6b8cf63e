"""Policy versions and their texts."""

from __future__ import annotations

import hashlib
from datetime import datetime
from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import F, Max, Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

# Latvian is required in every version and is the text that counts; another language is a translation of it.
AUTHORITATIVE_LANGUAGE = "lv"


class State(models.TextChoices):
    """Where a version stands. Computed from dates, never stored."""

    DRAFT = "draft", _("draft")
    SCHEDULED = "scheduled", _("scheduled")
    IN_FORCE = "in_force", _("in force")
    SUPERSEDED = "superseded", _("superseded")
    CANCELLED = "cancelled", _("cancelled before it took effect")


class PolicyVersionQuerySet(models.QuerySet["PolicyVersion"]):
    """Questions about time. Each takes a moment (default: now) and none depends on a flag somebody must flip."""

    def drafts(self) -> Self:
        """Versions that nobody has published."""
        return self.filter(published_at__isnull=True)

    def standing(self) -> Self:
        """Versions that are published and were not cancelled: in force at some moment, past, present or to come."""
        return self.filter(published_at__isnull=False, cancelled_at__isnull=True)

    def published(self, at: datetime | None = None) -> Self:
        """Versions that had taken effect by ``at``, the newest first."""
        return self.standing().filter(effective_at__lte=at or timezone.now()).order_by("-effective_at")

    def scheduled(self, at: datetime | None = None) -> Self:
        """Versions that are published but take effect after ``at``, the next first."""
        return self.standing().filter(effective_at__gt=at or timezone.now()).order_by("effective_at")

    def in_force(self, at: datetime | None = None) -> PolicyVersion | None:
        """The one version in force at ``at``, its texts loaded (2 queries); None before the first took effect."""
        return self.published(at).prefetch_related("texts").first()

    def with_newest(self) -> Self:
        """Each with ``newest``, the primary key of the version in force now, so that ``state`` asks no query."""
        return self.annotate(newest=models.Subquery(self.model.objects.published().values("pk")[:1]))

    def take_turns(self) -> None:
        """Let no other transaction publish or number a version until this one ends."""
        self.select_for_update().order_by("number").first()

    def next_number(self) -> int:
        """The number of the next draft; ``take_turns`` first."""
        return (self.aggregate(highest=Max("number"))["highest"] or 0) + 1


class PolicyVersion(models.Model):
    """One numbered version of the policy. A correction is a new version; a published one never changes.

    Database triggers (``privacy.guards``) refuse every change to a published version but one: cancelling it before
    it takes effect.
    """

    number = models.PositiveIntegerField(_("number"), unique=True)
    effective_at = models.DateTimeField(_("takes effect"), null=True, blank=True)
    is_material = models.BooleanField(
        _("material change"),
        default=False,
        help_text=_("Visitors see a notice on every page from publication until 30 days after it takes effect."),
    )
    published_at = models.DateTimeField(_("published"), null=True, blank=True, editable=False)
    published_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        editable=False,
        related_name="+",
        verbose_name=_("published by"),
    )
    cancelled_at = models.DateTimeField(_("cancelled"), null=True, blank=True, editable=False)
    revision = models.PositiveIntegerField(_("revision"), default=0, editable=False)
    edited_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        editable=False,
        related_name="+",
        verbose_name=_("last edited by"),
    )

    objects = PolicyVersionQuerySet.as_manager()

    class Meta:
        ordering = ["-number"]
        constraints = [
            models.UniqueConstraint(
                fields=["effective_at"],
                condition=Q(published_at__isnull=False, cancelled_at__isnull=True),
                name="one_version_takes_effect_at_a_moment",
            ),
            models.CheckConstraint(
                condition=Q(published_at__isnull=True) | Q(effective_at__isnull=False),
                name="published_version_has_effective_date",
            ),
            models.CheckConstraint(
                condition=Q(cancelled_at__isnull=True)
                | Q(published_at__isnull=False, cancelled_at__lt=F("effective_at")),
                name="cancelled_only_before_effect",
            ),
        ]
        permissions = [("publish", _("Can publish a policy version"))]
        verbose_name = _("policy version")
        verbose_name_plural = _("policy versions")

    def __str__(self) -> str:
        return str(self.number)

    def get_absolute_url(self) -> str:
        """The permanent address in the active language."""
        return reverse("privacy:show-version", args=[self.number])

    @property
    def is_published(self) -> bool:
        """Whether the version can no longer change."""
        return self.published_at is not None

    def state(self, at: datetime | None = None) -> State:
        """Where the version stands at ``at``.

        Costs a query only for one that has taken effect, and none for one from ``with_newest``, which asks for now.
        """
        if self.published_at is None or self.effective_at is None:
            return State.DRAFT
        if self.cancelled_at is not None:
            return State.CANCELLED
        if self.effective_at > (at or timezone.now()):
            return State.SCHEDULED
        if at is None and hasattr(self, "newest"):
            return State.IN_FORCE if self.newest == self.pk else State.SUPERSEDED
        newest = PolicyVersion.objects.published(at).first()
        return State.IN_FORCE if newest == self else State.SUPERSEDED

    def text_for(self, language: str) -> PolicyText:
        """The text in ``language`` (a code such as "lv"), else the authoritative one."""
        texts = {text.language: text for text in self.texts.all()}
        return texts.get(language) or texts[AUTHORITATIVE_LANGUAGE]


class PolicyText(models.Model):
    """The words of one version in one language: HTML with merge fields, see ``privacy.rendering``."""

    version = models.ForeignKey(
        PolicyVersion, on_delete=models.CASCADE, related_name="texts", verbose_name=_("policy version")
    )
    language = models.CharField(_("language"), max_length=2, choices=settings.LANGUAGES)
    title = models.CharField(_("title"), max_length=200)
    body = models.TextField(_("text"))
    change_summary = models.TextField(
        _("change summary"), blank=True, help_text=_("What changed, in a few sentences for visitors.")
    )
    sha256 = models.CharField(_("SHA-256"), max_length=64, editable=False)

    history = HistoricalRecords()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["version", "language"], name="one_text_per_language"),
        ]
        verbose_name = _("policy text")
        verbose_name_plural = _("policy texts")

    def __str__(self) -> str:
        return f"{self.version} ({self.language})"

    def save(self, *args: object, **kwargs: object) -> None:
        """Keep the fingerprint in step with the words."""
        self.sha256 = text_sha256(self.title, self.body)
        super().save(*args, **kwargs)  # type: ignore[arg-type]


def text_sha256(title: str, body: str) -> str:
    """The fingerprint that consent records name a text by: hex SHA-256 of title, newline and body in UTF-8."""
    return hashlib.sha256(f"{title}\n{body}".encode()).hexdigest()
