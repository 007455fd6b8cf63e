"""Point 6: what a visitor with a slow phone on slow 4G sees, in Chromium."""

import os
import shutil

from playwright.sync_api import Browser, sync_playwright

from tests.benchmarks.bench import Bench
from tests.benchmarks.report import Row
from tests.benchmarks.servers import Server, gunicorn

POLICY = "/privatuma-politika/"
# Lighthouse's slow 4G and its slower processor.
NETWORK = {"offline": False, "latency": 150, "downloadThroughput": 1.6e6 / 8, "uploadThroughput": 750e3 / 8}
SLOWER = 4
WATCH = """
window.seen = {paint: 0, largest: 0, shift: 0, blocked: 0, banner: null};
const watch = (type, each) => new PerformanceObserver((list) => list.getEntries().forEach(each))
  .observe({type, buffered: true});
watch("paint", (entry) => {
  if (entry.name !== "first-contentful-paint") return;
  seen.paint = entry.startTime;
  const banner = document.querySelector(".banner");
  seen.banner = Boolean(banner && banner.getBoundingClientRect().height);
});
watch("largest-contentful-paint", (entry) => { seen.largest = entry.startTime; });
watch("layout-shift", (entry) => { seen.shift += entry.value; });
watch("longtask", (entry) => { seen.blocked += Math.max(0, entry.duration - 50); });
"""


def measure(bench: Bench, *, rounds: int) -> list[Row]:
    """Interleaved: with the banner, and for a visitor who has refused, whose page has none."""
    refused = bench.cookies()[7]  # the eighth state: no to everything
    environment = bench.env | {"HTTPS": "False", "BEHIND_TLS_PROXY": "False"}
    with gunicorn("ossnet_site.wsgi", environment) as site, sync_playwright() as playwright:
        chromium = playwright.chromium.launch(
            executable_path=os.environ.get("CHROMIUM") or shutil.which("chromium"), args=["--no-sandbox"]
        )
        asked, quiet = [], []
        for _round in range(rounds):
            asked.append(view(chromium, site, ""))
            quiet.append(view(chromium, site, refused.removeprefix("__Host-")))
        chromium.close()
    ratios = [with_banner["largest"] / without["largest"] for with_banner, without in zip(asked, quiet, strict=True)]
    apart = [seen["largest"] - seen["paint"] for seen in asked]
    unseen = [0.0 if seen["banner"] else 1.0 for seen in asked]
    return [
        Row(6, "first contentful paint", [seen["paint"] for seen in asked], "ms"),
        Row(6, "largest contentful paint after the first", apart, "ms", 0, at_least=False),
        Row(6, "first paints without the banner", unseen, "", 0, at_least=False),
        Row(6, "layout shift", [seen["shift"] for seen in asked], "", 0, at_least=False),
        Row(6, "total blocking time", [seen["blocked"] for seen in asked], "ms", 0, at_least=False),
        Row(6, "the same page without a banner", ratios, "", 1.05, at_least=False, note="largest contentful paint"),
    ]


def view(chromium: Browser, site: Server, cookie: str) -> dict[str, float]:
    """One first view in a new browser profile."""
    context = chromium.new_context(viewport={"width": 360, "height": 640})
    if cookie:
        name, _equals, value = cookie.partition("=")
        context.add_cookies([{"name": name, "value": value, "domain": "127.0.0.1", "path": "/"}])
    page = context.new_page()
    protocol = context.new_cdp_session(page)
    protocol.send("Network.enable")
    protocol.send("Network.emulateNetworkConditions", NETWORK)
    protocol.send("Emulation.setCPUThrottlingRate", {"rate": SLOWER})
    page.add_init_script(WATCH)
    page.goto(f"http://127.0.0.1:{site.port}{POLICY}", wait_until="load")
    page.wait_for_timeout(1500)
    seen: dict[str, float] = page.evaluate("seen")
    context.close()
    return seen
