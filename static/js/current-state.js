// Going back shows the page as the browser kept it. It stays hidden until it is clear that the visitor has not decided
// anything since; else, or when that cannot be told, it is asked for anew.
addEventListener("pageshow", async (event) => {
  if (!event.persisted) return;
  const page = document.documentElement;
  page.hidden = true;
  try {
    const { headers } = await fetch(location.href, { method: "HEAD", cache: "no-store" });
    if (headers.get("Consent-State") === page.dataset.consentState) {
      page.hidden = false;
      return;
    }
  } catch {
    // No answer: the browser says so in place of the page.
  }
  location.reload();
});
