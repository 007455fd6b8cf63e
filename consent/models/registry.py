"""What staff say of categories, services and cookies, beside django-cookie-consent's models."""

from __future__ import annotations

from cookie_consent.models import Cookie, CookieGroup
from django.core.exceptions import ValidationError
from django.core.validators import URLValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from consent.services import ALL_SERVICES, category_of


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
    epoch = models.PositiveIntegerField(
        _("epoch"), default=1, editable=False, help_text=_("Raised to end every standing grant of the category.")
    )

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
        return self.name_lv


class Category(CookieGroup):
    """A category in the words of this site."""

    class Meta:
        proxy = True
        verbose_name = _("category")
        verbose_name_plural = _("categories")

    def __str__(self) -> str:
        return self.varname


class ServiceText(models.Model):
    """What visitors read of one third party: who receives the data, and what it does."""

    group = models.ForeignKey(
        CookieGroup, on_delete=models.CASCADE, related_name="services", editable=False, verbose_name=_("category")
    )
    service = models.CharField(
        _("service"),
        max_length=50,
        unique=True,
        editable=False,
        choices=[(service.slug, service.name) for service in ALL_SERVICES],
    )
    provider = models.CharField(_("provider"), max_length=200, help_text=_("The company that receives the data."))
    description_lv = models.TextField(_("description in Latvian"))
    description_en = models.TextField(_("description in English"))
    privacy_url = models.CharField(
        _("address of its privacy policy"), max_length=200, validators=[URLValidator(schemes=["https"])]
    )

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="service_text_complete",
                condition=~models.Q(provider="")
                & ~models.Q(description_lv="")
                & ~models.Q(description_en="")
                & models.Q(privacy_url__startswith="https://"),
            ),
        ]
        verbose_name = _("service")
        verbose_name_plural = _("services")

    def __str__(self) -> str:
        return str(self.get_service_display())


class DeclaredCookie(Cookie):
    """A cookie in the words of this site."""

    class Meta:
        proxy = True
        verbose_name = _("cookie")
        verbose_name_plural = _("cookies")

    def __str__(self) -> str:
        return self.name


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
        if self.cookie.cookiegroup_id is None:
            return  # the cookie's own form says that its category is missing
        if category_of(self.service) != self.cookie.cookiegroup.varname:
            raise ValidationError({"service": _("A cookie stands in the category of the service that sets it.")})
        if not self.service and not (self.necessary_because_lv and self.necessary_because_en):
            reason = _("Say in both languages why the cookie is necessary, or choose the service that sets it.")
            raise ValidationError({"necessary_because_lv": reason})
