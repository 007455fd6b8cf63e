"""What of the policy needs staff's attention."""

from collections.abc import Iterator

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from privacy.dates import in_words
from privacy.models import PolicyVersion


def versions(request: HttpRequest) -> Iterator[tuple[str, str]]:
    """A draft that waits, and a version that will take effect, for those who may see them."""
    if not request.user.has_perm("privacy.view_policyversion"):
        return
    for draft in PolicyVersion.objects.drafts().order_by("number"):
        address = reverse("admin:privacy_policyversion_change", args=[draft.pk])
        yield _("Draft of policy version %(number)s waits to be published.") % {"number": draft.number}, address
    for version in PolicyVersion.objects.scheduled():
        assert version.effective_at is not None  # noqa: S101 - what is scheduled has a date
        address = reverse("admin:privacy_policyversion_change", args=[version.pk])
        words = _("Policy version %(number)s is in force from %(day)s.")
        yield words % {"number": version.number, "day": in_words(version.effective_at, get_language() or "")}, address
