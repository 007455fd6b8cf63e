"""The Content-Security-Policy: what the browser itself allows, given what the visitor has granted."""

from collections.abc import Mapping
from functools import lru_cache

from django.urls import reverse

from consent.scripts import CLEAR_STORAGE, PAGE_SCRIPT, integrity, page_style_source
from consent.services import Service

# Nothing is allowed unless a line says so.
BASE: dict[str, tuple[str, ...]] = {
    "default-src": (),
    "script-src": (),  # the hashes of our own scripts come here
    "style-src": ("'self'",),  # and the hash of the style that stands in the page
    "img-src": ("'self'",),
    "connect-src": ("'self'",),
    "font-src": (),
    "frame-src": (),
    "form-action": ("'self'",),
    "base-uri": (),
    "object-src": (),
    "frame-ancestors": (),
}
NONE = ("'none'",)
# Where nothing is admitted, default-src says so for these; base-uri and its like it does not cover.
FALL_BACK = {"font-src", "frame-src"}
# No service, no string that becomes a script: the browser refuses innerHTML, eval and their like altogether. The
# vendors' documented loaders assign script.src, so that this guard goes with the first grant.
TRUSTED_TYPES = "require-trusted-types-for 'script'; trusted-types 'none'"
# For whatever is no page: it may do nothing at all, should somebody open it by itself.
NOTHING = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"


@lru_cache(maxsize=256)
def for_visitors(services: tuple[Service, ...], *, clears_storage: bool = False) -> str:
    """The header's value when exactly ``services`` are granted; no other third-party host appears in it.

    Our own scripts are admitted by their hashes: the one that every page has, the one that
    ``clears_storage``, and the loaders of ``services``.
    """
    names = (PAGE_SCRIPT, *([CLEAR_STORAGE] if clears_storage else ()), *(service.loader for service in services))
    sources = {"script-src": tuple(f"'{integrity(name)}'" for name in names)}
    for directive in BASE:
        hosts = dict.fromkeys(host for service in services for host in service.csp.get(directive, ()))
        sources[directive] = (*sources.get(directive, ()), *hosts)
    return _header(sources) + ("" if services else f"; {TRUSTED_TYPES}")


def for_staff(sources_of_page: Mapping[str, tuple[str, ...]] | None = None) -> str:
    """The header's value for pages of staff, where no third party ever runs.

    Django's admin brings many scripts of its own and the editor a font; they are admitted as files of this site.
    ``sources_of_page`` (directive to sources) is what one page needs besides, such as the hash of an import map.
    """
    sources = dict(sources_of_page or {})
    return _header(sources | {"script-src": ("'self'", *sources.get("script-src", ())), "font-src": ("'self'",)})


def _header(sources: Mapping[str, tuple[str, ...]]) -> str:
    own = BASE | {"style-src": (*BASE["style-src"], page_style_source())}
    allowed = {directive: (*of_ours, *sources.get(directive, ())) for directive, of_ours in own.items()}
    lines = [
        f"{directive} {' '.join(of_it or NONE)}"
        for directive, of_it in allowed.items()
        if of_it or directive not in FALL_BACK
    ]
    return "; ".join([*lines, f"report-uri {reverse('csp-reports')}"])
