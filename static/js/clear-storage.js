// Right after a decision, removes what services that may run no more have left in this site's storages.
{
  const patterns = document.currentScript.dataset.keys.split(" ");
  const isLeft = (key) => patterns.some((pattern) =>
    pattern.endsWith("*") ? key.startsWith(pattern.slice(0, -1)) : key === pattern);
  if (["#choice-saved", "#consent-withdrawn"].includes(location.hash.split(",")[0])) {
    for (const name of ["localStorage", "sessionStorage"]) {
      try {
        for (const key of Object.keys(window[name]).filter(isLeft)) window[name].removeItem(key);
      } catch {
        // The browser keeps no storage for this site: then nothing can be left in it.
      }
    }
  }
}
