"""``/.well-known/security.txt`` (RFC 9116): how to report a weakness. SECURITY.md says the same at length."""

from datetime import UTC, datetime, timedelta

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_safe

from ossnet_site.company import COMPANY

# Until when somebody has promised that the address is read. At most a year after the day on which this was last
# looked at; ossnet_site.checks warns 30 days ahead.
EXPIRES = datetime(2027, 11, 22, 12, tzinfo=UTC)


def is_ending() -> bool:
    """Whether no more than 30 days are left."""
    return EXPIRES - timezone.now() <= timedelta(days=30)


@csrf_exempt  # writes nothing: a wrong method is refused as such
@require_safe
def show(request: HttpRequest) -> HttpResponse:
    """Contact, expiry, languages, and where the file is, which RFC 9116 wants only as an address of HTTPS."""
    lines = [
        f"Contact: mailto:{COMPANY.email}",
        f"Expires: {EXPIRES:%Y-%m-%dT%H:%M:%SZ}",
        "Preferred-Languages: lv, en",
    ]
    if settings.HTTPS:
        lines.append(f"Canonical: https://{request.get_host()}{request.path}")
    text = "".join(f"{line}\n" for line in lines)
    return HttpResponse(
        text, content_type="text/plain; charset=utf-8", headers={"Cache-Control": "public, max-age=3600"}
    )
