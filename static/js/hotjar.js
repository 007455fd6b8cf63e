// Starts Hotjar: this file is in a page only after hotjar was granted.
(() => {
  const id = Number(document.currentScript.dataset.id);
  const snippetVersion = 6;
  // The queue that Hotjar's script takes over once it has loaded.
  window.hj = function () {
    (window.hj.q = window.hj.q || []).push(arguments);
  };
  window._hjSettings = { hjid: id, hjsv: snippetVersion };
  const script = document.createElement("script");
  script.async = true;
  script.src = `https://static.hotjar.com/c/hotjar-${id}.js?sv=${snippetVersion}`;
  document.head.append(script);
})();
