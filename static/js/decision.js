// Sends a decision and keeps the place that is being read. When anything fails, the form goes as without this script.
{
  const place = () => Math.round(document.querySelector("main").getBoundingClientRect().top);

  let sent;
  const send = async (event) => {
    const { target: form, submitter } = event;
    if (form.next?.value !== location.pathname + location.search) return; // leads elsewhere: there is no place to keep
    event.preventDefault();
    if (sent) return;
    sent = true;
    submitter?.setAttribute("aria-busy", "true");
    try {
      const body = new URLSearchParams(new FormData(form, submitter));
      const signal = AbortSignal.timeout(3000); // milliseconds
      const { type } = await fetch(form.action, { method: "POST", body, signal, redirect: "manual" });
      if (type === "opaqueredirect") {
        history.scrollRestoration = "manual";
        const said = submitter?.value === "withdraw" ? "consent-withdrawn" : "choice-saved";
        // In the address, as the browser forgets all else when a page with services follows one without.
        history.replaceState(null, "", `#${said},${place()}`);
        location.reload();
        return;
      }
    } catch {
      // No answer in time.
    }
    removeEventListener("submit", send);
    form.requestSubmit(submitter);
  };
  addEventListener("submit", send);

  const goTo = (fragment, was) => {
    location.replace(fragment);
    scrollBy({ top: place() - was, behavior: "instant" });
  };
  const [said, was] = location.hash.split(",");
  if (was) {
    goTo(said, was);
    addEventListener("pagehide", () => (history.scrollRestoration = "auto"));
  }
  for (const link of document.querySelectorAll(".confirmation .close"))
    link.addEventListener("click", (event) => {
      event.preventDefault();
      goTo(link.hash, place());
    });
}
