"""Pages of the privacy policy."""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_safe

from privacy import rendering
from privacy.current import version_in_force


@csrf_exempt  # writes nothing: a wrong method is refused as such
@require_safe
def show_policy(request: HttpRequest) -> HttpResponse:
    """The version in force, in the page's language or else in Latvian with a line that says so."""
    version = version_in_force()
    if version is None:
        raise Http404(_("No privacy policy has been published yet."))
    text = version.text_for(get_language() or "")
    return render(
        request,
        "privacy/policy.html",
        {"version": version, "text": text, "rendered": rendering.render(text.body)},
    )
