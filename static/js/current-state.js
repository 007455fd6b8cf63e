// Going back shows the page as the browser kept it. When the visitor has decided since, the page is asked for anew.
addEventListener("pageshow", async (event) => {
  if (!event.persisted) return;
  const { headers } = await fetch(location.href, { method: "HEAD", cache: "no-store" });
  if (headers.get("Consent-State") !== document.documentElement.dataset.consentState) location.reload();
});
