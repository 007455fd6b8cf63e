"""What others need to check receipts and seals without us: the public keys, and the newest seal to keep."""

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_safe

from consent import sealing, signing


@csrf_exempt  # writes nothing: a wrong method is refused as such
@require_safe
def signing_keys(request: HttpRequest) -> HttpResponse:
    """A JWK Set (RFC 7517): every key of ours that signatures may name."""
    return JsonResponse({"keys": signing.public_keys()}, headers={"Cache-Control": "public, max-age=3600"})


@csrf_exempt
@require_safe
def newest_seal(request: HttpRequest) -> HttpResponse:
    """The end of the chain, readable and signed. Whoever keeps it can tell later whether the log was made anew."""
    seal = sealing.newest()
    content = {"seal": seal.content(), "sha256": seal.sha256, "jws": seal.jws} if seal else {"seal": None}
    return JsonResponse(content, headers={"Cache-Control": "public, max-age=300"})
