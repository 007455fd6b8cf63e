"""Home page, contacts and error pages."""

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.templatetags.static import static
from django.utils.translation import gettext_lazy as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_safe

from consent.forms import BadForm
from privacy.views import NoSuchVersion

ERRORS = {
    400: (
        _("The request could not be understood"),
        _("Something in it was missing or malformed. Nothing was changed."),
    ),
    403: (
        _("The request was refused"),
        _("It did not come from a page of this site, so nothing was changed. Open the page again and repeat."),
    ),
    404: (
        _("Page not found"),
        _("The address may have been mistyped, or the page may have been moved. The links on this page lead on."),
    ),
    405: (_("This cannot be done here"), _("This address does not take such a request. Nothing was changed.")),
    413: (_("The request is too large"), _("This site takes only short forms. Nothing was changed.")),
    414: (_("The address is too long"), _("The link that led here may be damaged. The links on this page lead on.")),
    415: (_("The request could not be read"), _("This site takes only ordinary forms. Nothing was changed.")),
    429: (
        _("Too many requests"),
        _("Too many of them came from your network in a short time. Nothing was changed. Try again later."),
    ),
    431: (
        _("Your browser sent too many cookies"),
        _("Delete this site’s cookies in the browser’s settings and open the page again."),
    ),
    500: (
        _("Something went wrong"),
        _("The fault is ours and has been noted. Try again in a while, or write or call us."),
    ),
    503: (
        _("The site is temporarily unavailable"),
        _("Try again in a minute. If you were making a choice about cookies, it has not been saved."),
    ),
}


# When this site last changed how it treats the signal.
GPC_SINCE = "2026-11-23"


@csrf_exempt
@require_safe
def global_privacy_control(request: HttpRequest) -> HttpResponse:
    """That this site heeds Global Privacy Control, as its specification wants it said to machines."""
    return JsonResponse({"gpc": True, "lastUpdate": GPC_SINCE})


@csrf_exempt
@require_safe
def favicon(request: HttpRequest) -> HttpResponse:
    """Where programs look that read no page; browsers take the one that pages name."""
    return redirect(static("images/favicon.ico"))


@csrf_exempt  # writes nothing: a wrong method is refused as such
@require_safe
def show_home(request: HttpRequest) -> HttpResponse:
    """Who the company is and how to reach it."""
    return render(request, "site/home.html")


@csrf_exempt
@require_safe
def show_contacts(request: HttpRequest) -> HttpResponse:
    """Telephones, e-mail and opening hours."""
    return render(request, "site/contacts.html")


def error_page(request: HttpRequest, status: int, explanation: str = "", **context: object) -> HttpResponse:
    """A whole page for the error ``status`` in the visitor's language; needs no database."""
    title, usual_explanation = ERRORS[status]
    context |= {"status": status, "title": title, "explanation": explanation or usual_explanation}
    return render(request, "site/error.html", context, status=status)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """handler400: also the answer to a foreign Host header. Only BadForm carries words meant for the visitor."""
    return error_page(request, 400, str(exception) if isinstance(exception, BadForm) else "")


def permission_denied(request: HttpRequest, exception: Exception) -> HttpResponse:
    """handler403."""
    return error_page(request, 403)


def page_not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """handler404. NoSuchVersion carries words for the visitor, who is then shown which versions there are."""
    if isinstance(exception, NoSuchVersion):
        return error_page(request, 404, str(exception), versions=True)
    return error_page(request, 404)


def server_error(request: HttpRequest) -> HttpResponse:
    """handler500."""
    return error_page(request, 500)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """For the staff pages; the public decision has a guard of its own."""
    return error_page(request, 403)
