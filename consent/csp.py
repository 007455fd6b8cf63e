"""The Content-Security-Policy: what the browser itself allows, given what the visitor has granted."""

from collections.abc import Iterable, Mapping

from consent.services import Service

# Nothing is allowed unless a line says so. Names that no service adds to stand here for completeness.
BASE: dict[str, tuple[str, ...]] = {
    "default-src": ("'none'",),
    "script-src": ("'self'",),
    "style-src": ("'self'",),
    "img-src": ("'self'",),
    "connect-src": ("'self'",),
    "font-src": ("'self'",),
    "frame-src": (),
    "form-action": ("'self'",),
    "base-uri": ("'none'",),
    "object-src": ("'none'",),
    "frame-ancestors": ("'none'",),
}


def header(services: Iterable[Service], sources_of_page: Mapping[str, tuple[str, ...]] | None = None) -> str:
    """The header's value when exactly ``services`` are granted; no other third-party host appears in it.

    ``sources_of_page`` (directive to sources) is what one page of staff needs besides, such as the hash of a script.
    """
    own_of_page = sources_of_page or {}
    services = tuple(services)
    lines = []
    for directive, own in BASE.items():
        hosts = {host: None for service in services for host in service.csp.get(directive, ())}
        sources = (*own, *own_of_page.get(directive, ()), *hosts) or ("'none'",)
        lines.append(f"{directive} {' '.join(sources)}")
    return "; ".join(lines)
