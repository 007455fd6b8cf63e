"""The third-party services that a category can switch on: facts, not behaviour.

Each row's hosts and cookie names come from the vendor's own documentation; the ids come from the environment.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from fnmatch import fnmatch

from django.conf import settings

from ossnet_site.from_settings import from_settings

# The optional categories in the order in which every page shows them. "necessary" is always on and never asked for.
CATEGORIES = ("analytics", "facebook", "hotjar")
NECESSARY = "necessary"


@dataclass(frozen=True)
class Service:
    """One third party behind a category: what the code must know. What visitors read of it is in the registry.

    ``loader`` is our own script in ``static/``; it alone names the vendor's script and reads the id from ``data-id``.
    ``csp`` maps a Content-Security-Policy directive to the hosts that the service needs there.
    ``cookies`` are patterns (``*`` for anything) of the first-party cookies to remove when consent ends, including
    those that older releases of the vendor's script left; ``storage`` the same for keys of the browser's storages.
    """

    slug: str
    name: str
    category: str
    id_setting: str
    loader: str
    cookies: tuple[str, ...]
    storage: tuple[str, ...]
    csp: dict[str, tuple[str, ...]] = field(hash=False)

    @property
    def id(self) -> str:
        """The site's id at the vendor; empty when the service is not offered."""
        value: str = getattr(settings, self.id_setting)
        return value


GOOGLE_ANALYTICS = Service(
    slug="google-analytics",
    name="Google Analytics",
    category="analytics",
    id_setting="GOOGLE_ANALYTICS_ID",
    loader="js/google-analytics.js",
    cookies=("_ga", "_ga_*", "_gid", "_gat*", "_dc_gtm_*", "_gcl_*", "_gac_*", "__utm*"),
    storage=("_ga*", "_gcl_*"),
    csp={
        "script-src": ("https://*.googletagmanager.com",),
        "connect-src": (
            "https://*.google-analytics.com",
            "https://*.analytics.google.com",
            "https://*.googletagmanager.com",
        ),
        "img-src": ("https://*.google-analytics.com", "https://*.googletagmanager.com"),
    },
)

META_PIXEL = Service(
    slug="meta-pixel",
    name="Meta Pixel",
    category="facebook",
    id_setting="FACEBOOK_PIXEL_ID",
    loader="js/meta-pixel.js",
    cookies=("_fbp", "_fbc"),
    storage=("_fbp", "_fbc"),
    csp={
        "script-src": ("https://connect.facebook.net",),
        "connect-src": ("https://www.facebook.com", "https://connect.facebook.net"),
        "img-src": ("https://www.facebook.com",),
        "frame-src": ("https://www.facebook.com",),
        "form-action": ("https://www.facebook.com",),
    },
)

HOTJAR = Service(
    slug="hotjar",
    name="Hotjar",
    category="hotjar",
    id_setting="HOTJAR_SITE_ID",
    loader="js/hotjar.js",
    cookies=("_hj*", "_cs_*"),
    storage=("_hj*", "hjViewportId", "hjActiveViewportIds", "_cs_*"),
    csp={
        "script-src": ("https://*.hotjar.com",),
        "connect-src": ("https://*.hotjar.com", "https://*.hotjar.io", "wss://*.hotjar.com"),
        "img-src": ("https://*.hotjar.com",),
        "frame-src": ("https://*.hotjar.com",),
        "font-src": ("https://*.hotjar.com",),
        "style-src": ("https://*.hotjar.com",),
    },
)

ALL_SERVICES = (GOOGLE_ANALYTICS, META_PIXEL, HOTJAR)


def category_of(slug: str) -> str:
    """The category of the service that sets a cookie; necessary when ``slug`` is empty, as the cookie is then ours."""
    return next((service.category for service in ALL_SERVICES if service.slug == slug), NECESSARY)


@from_settings
def offered() -> tuple[Service, ...]:
    """The services that have an id, in display order."""
    return tuple(service for service in ALL_SERVICES if service.id)


@from_settings
def offered_categories() -> tuple[str, ...]:
    """The optional categories that a visitor is asked for: those with at least one offered service."""
    behind = {service.category for service in offered()}
    return tuple(category for category in CATEGORIES if category in behind)


def of_categories(categories: Iterable[str]) -> tuple[Service, ...]:
    """The offered services behind ``categories``."""
    wanted = set(categories)
    return tuple(service for service in offered() if service.category in wanted)


def is_declared_host(origin: str) -> bool:
    """Whether ``origin``, such as "https://www.facebook.com", is one that a service may ask once it is granted."""
    declared = {host for service in ALL_SERVICES for hosts in service.csp.values() for host in hosts}
    return any(fnmatch(origin, pattern) for pattern in declared)
