// Starts Google Analytics 4 with Consent Mode, basic: this file is in a page only after analytics was granted.
(() => {
  const id = document.currentScript.dataset.id;
  const seconds182Days = 15724800; // the cookies must not outlive the consent
  window.dataLayer = window.dataLayer || [];
  function gtag() {
    window.dataLayer.push(arguments); // gtag.js reads Arguments objects, not arrays
  }
  window.gtag = gtag;
  gtag("consent", "default", {
    ad_storage: "denied",
    ad_user_data: "denied",
    ad_personalization: "denied",
    analytics_storage: "denied",
  });
  gtag("consent", "update", { analytics_storage: "granted" });
  gtag("js", new Date());
  gtag("config", id, {
    cookie_expires: seconds182Days,
    cookie_update: false,
    allow_google_signals: false,
    allow_ad_personalization_signals: false,
  });
  const script = document.createElement("script");
  script.async = true;
  script.src = "https://www.googletagmanager.com/gtag/js?id=" + encodeURIComponent(id);
  document.head.append(script);
})();
