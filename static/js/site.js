// What every page does with JavaScript on; each of it works without.

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

// Sends a decision and keeps the place that is being read. When anything fails, the form goes as without this script.
{
  const answersForm = "posted" in document.currentScript.dataset; // asking for it anew would send the form again
  const place = () => Math.round(document.querySelector("main").getBoundingClientRect().top);

  let sent;
  const send = async (event) => {
    const { target: form, submitter } = event;
    const here = location.pathname + location.search;
    if (answersForm || form.next?.value !== here) return; // there is no place to keep
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

// Marks in the contents list the section that is being read.
{
  const list = document.querySelector(".contents");
  if (list) {
    // Beside the text the sheet shows the list whatever its state; now its state is what it looks like.
    if (matchMedia("(min-width: 60rem)").matches) list.querySelector("details").open = true;
    const links = [...list.querySelectorAll("a")];
    const headings = links.map((link) => document.getElementById(link.hash.slice(1)));
    let marked;
    const mark = () => {
      const atTheEnd = innerHeight + scrollY >= document.documentElement.scrollHeight - 2;
      const passed = headings.findLastIndex((heading) => heading.getBoundingClientRect().top < innerHeight / 3);
      const read = links[atTheEnd ? links.length - 1 : passed];
      if (read === marked) return;
      marked?.removeAttribute("aria-current");
      marked = read;
      marked?.setAttribute("aria-current", "true");
      if (marked) list.scrollTop = marked.offsetTop - list.clientHeight / 2;
    };
    addEventListener("scroll", mark, { passive: true });
    mark();
  }
}
