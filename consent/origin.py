"""Proof that a form was sent by a page of this site, without a token in the page."""

from django.http import HttpRequest


def is_same_origin(request: HttpRequest) -> bool:
    """Whether the browser vouches that the request comes from this very origin.

    Sec-Fetch-Site where the browser sends it, else Origin. Neither can be set by a page's script. A request with
    neither is refused: every browser since 2020 sends Origin with a form's POST.
    """
    site: str | None = request.META.get("HTTP_SEC_FETCH_SITE")
    if site is not None:
        return site == "same-origin"
    origin: str | None = request.META.get("HTTP_ORIGIN")
    return origin == f"{request.scheme}://{request.get_host()}"
