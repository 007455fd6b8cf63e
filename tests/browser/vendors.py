"""Stand-ins for the vendors' scripts: they leave what the real ones leave, and nothing goes out to the vendors."""

from playwright.sync_api import Route

GTAG = "https://www.googletagmanager.com/gtag/js?id=G-SAMPLE0001"
FBEVENTS = "https://connect.facebook.net/en_US/fbevents.js"
HOTJAR = "https://static.hotjar.com/c/hotjar-12345.js?sv=6"
LOADERS = {"analytics": GTAG, "facebook": FBEVENTS, "hotjar": HOTJAR}

# Each vendor sets some cookies on the host and some on the parent domain; _fbp stands on both.
COOKIES = {
    "analytics": {"host": ["_ga", "_gid"], "parent": ["_ga", "_ga_ABC123", "_gat_UA-1"]},
    "facebook": {"host": ["_fbp"], "parent": ["_fbp", "_fbc"]},
    "hotjar": {"host": ["_hjSession_12345"], "parent": ["_hjSessionUser_12345"]},
}

# What Hotjar keeps in the browser's storages.
STORAGE = "localStorage.setItem('_hjUserAttributes', '1'); sessionStorage.setItem('hjViewportId', '1');"


def script(category: str) -> str:
    """What the stand-in for a category's vendor runs in the page."""
    return f"""
        {{
        const parent = location.hostname.split(".").slice(-2).join(".");
        const keep = "=1; path=/; max-age=15724800";
        for (const name of {COOKIES[category]["host"]}) document.cookie = name + keep;
        for (const name of {COOKIES[category]["parent"]}) document.cookie = name + keep + "; domain=" + parent;
        {STORAGE if category == "hotjar" else ""}
        (window.started = window.started || []).push("{category}");
        }}
    """


def answer(route: Route, then: str) -> None:
    """Answer a request that would have left the site: a loader runs and does ``then``, all else is an empty script."""
    bodies = {address: script(category) + then for category, address in LOADERS.items()}
    body = bodies.get(route.request.url, "")
    route.fulfill(status=200, content_type="text/javascript", body=body)
