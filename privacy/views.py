"""Pages of the privacy policy."""

import re

from django.db.models import Prefetch
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_safe

from privacy import archive
from privacy.comparison import compare
from privacy.current import text_in_force
from privacy.models import AUTHORITATIVE_LANGUAGE, PolicyText, PolicyVersion, State
from privacy.rendering import render_text, with_title


class NoSuchVersion(Http404):
    """The words are for the visitor; the site's 404 page shows them with a way to the list of versions."""

    def __init__(self, words: str = "") -> None:
        super().__init__(words or _("There is no such version of the privacy policy."))


@csrf_exempt  # writes nothing: a wrong method is refused as such
@require_safe
def show_policy(request: HttpRequest) -> HttpResponse:
    """The version in force, in the page's language or else in Latvian with a line that says so."""
    text = text_in_force(get_language() or "")
    if text is None:
        raise NoSuchVersion(_("No privacy policy has been published yet."))
    return policy_page(request, text, State.IN_FORCE)


@require_safe
def show_version(request: HttpRequest, number: int) -> HttpResponse:
    """The permanent address of a version that has taken effect or will."""
    version = published_version(number)
    return policy_page(request, version.text_for(get_language() or ""), version.state())


def policy_page(request: HttpRequest, text: PolicyText, state: State, **context: object) -> HttpResponse:
    """One version as visitors read it; ``state`` decides what stands on top."""
    context |= {"text": text, "version": text.version, "state": state}
    context["rendered"] = render_text(text, permanent_links=True)
    context["policy_in_force"] = text_in_force(get_language() or "")
    response = render(request, "privacy/policy.html", context)
    if state is not State.IN_FORCE:
        response.headers["X-Robots-Tag"] = "noindex"
    return response


@require_safe
def list_versions(request: HttpRequest) -> HttpResponse:
    """Every published version, the newest first; 2 queries however many there are."""
    now, language = timezone.now(), get_language() or ""
    versions = PolicyVersion.objects.standing().order_by("-effective_at")
    texts = PolicyText.objects.defer("body")
    rows = [(version, version.text_for(language)) for version in versions.prefetch_related(Prefetch("texts", texts))]
    scheduled = [row for row in rows if row[0].effective_at and row[0].effective_at > now]
    return render(request, "privacy/versions.html", {"scheduled": scheduled, "published": rows[len(scheduled) :]})


@require_safe
def show_changes(request: HttpRequest, number: int) -> HttpResponse:
    """What a version changed: against the one before it, or against the one that ``?with=`` names."""
    version, language = published_version(number), get_language() or ""
    other = other_version(request.GET.get("with"), version)
    context: dict[str, object] = {"version": version, "summary": version.text_for(language), "other": other}
    if other is not None and other != version:
        before, after = in_one_language(other, version, language)
        context |= {"text": after, "comparison": compare(with_title(before), with_title(after))}
    response = render(request, "privacy/changes.html", context)
    response.headers["X-Robots-Tag"] = "noindex"  # words that no longer hold must not be found in place of the policy
    return response


def in_one_language(old: PolicyVersion, new: PolicyVersion, language: str) -> tuple[PolicyText, PolicyText]:
    """Both texts in ``language`` where both versions have it, else both in the authoritative one."""
    texts = old.text_for(language), new.text_for(language)
    if texts[0].language == texts[1].language:
        return texts
    return old.text_for(AUTHORITATIVE_LANGUAGE), new.text_for(AUTHORITATIVE_LANGUAGE)


@require_safe
def archive_version(request: HttpRequest, number: int) -> HttpResponse:
    """Number, dates, fingerprint and plain text per language, for archives."""
    facts = archive.facts(published_version(number))
    return JsonResponse(facts, json_dumps_params={"ensure_ascii": False, "indent": 2})


def published_version(number: int) -> PolicyVersion:
    """The published version of that number, its texts loaded; raises Http404."""
    version = PolicyVersion.objects.standing().prefetch_related("texts").filter(number=number).first()
    if version is None:
        raise NoSuchVersion
    return version


def as_number(text: str | None) -> int | None:
    """The number that up to 9 digits say; None for anything else."""
    return int(text) if text and re.fullmatch(r"[0-9]{1,9}", text) else None


def other_version(number: str | None, version: PolicyVersion) -> PolicyVersion | None:
    """The version to compare with: the named one, else the one before; None when there is none before."""
    if number is not None:
        return published_version(as_number(number) or 0)
    earlier = PolicyVersion.objects.standing().filter(effective_at__lt=version.effective_at)
    return earlier.order_by("-effective_at").prefetch_related("texts").first()
