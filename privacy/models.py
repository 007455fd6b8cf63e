"""Policy versions and their texts."""

from __future__ import annotations

import hashlib
from datetime import datetime
from typing import Self

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

# Latvian is required in every version and is the text that counts; another language is a translation of it.
AUTHORITATIVE_LANGUAGE = "lv"


class PolicyVersionQuerySet(models.QuerySet["PolicyVersion"]):
    """Questions about time. Each takes a moment (default: now) and none depends on a flag somebody must flip."""

    def published(self, at: datetime | None = None) -> Self:
        """Versions that had taken effect by ``at``, the newest first."""
        return self.filter(effective_at__lte=at or timezone.now()).order_by("-effective_at")

    def in_force(self, at: datetime | None = None) -> PolicyVersion | None:
        """The one version in force at ``at``, its texts loaded (2 queries); None before the first took effect."""
        return self.published(at).prefetch_related("texts").first()


class PolicyVersion(models.Model):
    """One numbered version of the policy. A correction is a new version; a published one never changes."""

    number = models.PositiveIntegerField(_("number"), unique=True)
    effective_at = models.DateTimeField(_("takes effect"), unique=True)

    objects = PolicyVersionQuerySet.as_manager()

    class Meta:
        ordering = ["-number"]
        verbose_name = _("policy version")
        verbose_name_plural = _("policy versions")

    def __str__(self) -> str:
        return str(self.number)

    def text_for(self, language: str) -> PolicyText:
        """The text in ``language`` (a code such as "lv"), else the authoritative one."""
        texts = {text.language: text for text in self.texts.all()}
        return texts.get(language) or texts[AUTHORITATIVE_LANGUAGE]


class PolicyText(models.Model):
    """The words of one version in one language: HTML with merge fields, see ``privacy.rendering``."""

    version = models.ForeignKey(
        PolicyVersion, on_delete=models.PROTECT, related_name="texts", verbose_name=_("policy version")
    )
    language = models.CharField(_("language"), max_length=2)
    title = models.CharField(_("title"), max_length=200)
    body = models.TextField(_("text"))
    sha256 = models.CharField(_("SHA-256"), max_length=64, editable=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["version", "language"], name="one_text_per_language"),
        ]
        verbose_name = _("policy text")
        verbose_name_plural = _("policy texts")

    def __str__(self) -> str:
        return f"{self.version} ({self.language})"


def text_sha256(title: str, body: str) -> str:
    """The fingerprint that consent records name a text by: hex SHA-256 of title, newline and body in UTF-8."""
    return hashlib.sha256(f"{title}\n{body}".encode()).hexdigest()
