"""What search engines are told: which pages there are, and in which languages."""

from datetime import datetime

from django.contrib.sitemaps import Sitemap
from django.contrib.sitemaps.views import sitemap
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_safe

from privacy.current import text_in_force
from privacy.models import AUTHORITATIVE_LANGUAGE

POLICY = "privacy:show-policy"


class PublicPages(Sitemap):  # type: ignore[type-arg]  # takes no parameter while the program runs
    """The pages worth finding, in both languages: not the settings, receipts, or superseded versions."""

    i18n = True
    alternates = True
    x_default = True

    def items(self) -> list[str]:
        """Names of addresses."""
        return ["show-home", "show-contacts", POLICY, "privacy:list-versions"]

    def location(self, item: str) -> str:
        """The address in the language that is active."""
        return reverse(item)

    def lastmod(self, item: str) -> datetime | None:
        """When the policy took effect; of the other pages nothing is known."""
        text = text_in_force(AUTHORITATIVE_LANGUAGE) if item == POLICY else None
        return text.version.effective_at if text else None


@csrf_exempt
@require_safe
def site_map(request: HttpRequest) -> HttpResponse:
    """``sitemap.xml``, for whatever host and scheme the request came to."""
    return sitemap(request, sitemaps={"pages": PublicPages}).render()


@csrf_exempt
@require_safe
def robots(request: HttpRequest) -> HttpResponse:
    """``robots.txt``. What must not be indexed says so itself, which only those can read who may fetch it."""
    lines = [
        "User-agent: *",
        "Disallow: /admin/",
        "",
        f"Sitemap: {request.build_absolute_uri(reverse('site-map'))}",
        "",
    ]
    return HttpResponse("\n".join(lines), content_type="text/plain; charset=utf-8")
