"""What of consent needs staff's attention."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from django.db.models import Subquery
from django.db.models.functions import Coalesce
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from consent import sealing
from consent.csp_reports import MOST_KINDS
from consent.models import ConsentRecord, CspReport, DailySummary
from consent.services import is_declared_host

# The command that counts runs daily: after so long it has been forgotten, not delayed.
UNCOUNTED_TOO_LONG = timedelta(days=2)
LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)
UNSEALED = timedelta(days=2)


def unsealed_records(request: HttpRequest) -> Iterator[tuple[str, str]]:
    """That nobody seals the log: the last seal is older than two days, and so are records that wait for the next."""
    if not request.user.has_perm("consent.view_consentrecord"):
        return
    patience = timezone.now() - UNSEALED
    seal = sealing.newest()
    if seal and seal.sealed_at >= patience:
        return
    if sealing.waiting(seal.cutoff if seal else None, patience).exists():
        words = _("Consent records have waited for more than two days to be sealed: seal_consent_log has to run daily.")
        yield words, reverse("admin:consent_consentrecord_changelist")


def full_reports(request: HttpRequest) -> Iterator[tuple[str, str]]:
    """That there is no room for more kinds of reports, so that the rarest give way."""
    if request.user.has_perm("consent.view_cspreport") and CspReport.objects.count() >= MOST_KINDS:
        words = _("The list of what browsers refused is full: what was reported least gives way to what is new.")
        yield words, reverse("admin:consent_cspreport_changelist")


def undeclared_hosts(request: HttpRequest) -> Iterator[tuple[str, str]]:
    """Hosts that browsers refused and that no service of ours asks for: something undeclared is in a page."""
    if not request.user.has_perm("consent.view_cspreport"):
        return
    refused = set(CspReport.objects.filter(blocked__contains="://").values_list("blocked", flat=True))
    count = sum(not is_declared_host(host) for host in refused)
    if count:
        words = ngettext(
            "Browsers refused %(count)s host that belongs to no declared service.",
            "Browsers refused %(count)s hosts that belong to no declared service.",
            count,
        )
        yield words % {"count": count}, reverse("admin:consent_cspreport_changelist")


def uncounted_decisions(request: HttpRequest) -> Iterator[tuple[str, str]]:
    """That the statistics lack decisions of more than two days ago (1 query of one row)."""
    if not request.user.has_perm("consent.view_consentrecord"):
        return
    counted_at = Coalesce(Subquery(DailySummary.objects.values("counted_at")[:1]), LONG_AGO)
    # In the order of the index, so that one look at it finds the first.
    missing = ConsentRecord.objects.filter(decided_at__gt=counted_at).order_by("decided_at")
    first = missing.values_list("decided_at", flat=True).first()
    if first and first < timezone.now() - UNCOUNTED_TOO_LONG:
        words = _("The statistics lack decisions: the command %(command)s has not run for more than two days.")
        yield words % {"command": "summarize_decisions"}, reverse("admin:consent_dailysummary_changelist")
