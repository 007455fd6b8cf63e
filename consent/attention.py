"""What of consent needs staff's attention."""

from collections.abc import Iterator

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import ngettext

from consent.models import CspReport
from consent.services import is_declared_host


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
