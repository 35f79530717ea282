// Page: numbers that could not be updated are greyed and asked for again; forms ask once; sliders tell their value.
(() => {
  "use strict";
  const FIRST_RETRY = 2, LONGEST_RETRY = 60, REPEATABLE = [0, 429, 502, 503, 504];
  const retries = new WeakMap();

  function markStale(target) {
    target.classList.add("stale");
    if (target.previousElementSibling?.classList.contains("stale-note")) return;
    const note = document.createElement("p");
    note.className = "stale-note";
    note.setAttribute("role", "status");
    note.textContent = document.body.dataset.staleText;
    target.before(note);
  }

  function markFresh(target) {
    target.classList.remove("stale");
    retries.delete(target);
    if (target.previousElementSibling?.classList.contains("stale-note")) target.previousElementSibling.remove();
  }

  function retryLater({ xhr, requestConfig, target }) {
    markStale(target);
    if (requestConfig.verb !== "get" || !REPEATABLE.includes(xhr.status)) return;
    const tries = (retries.get(target) || 0) + 1;
    retries.set(target, tries);
    const seconds = Number(xhr.getResponseHeader("Retry-After")) || Math.min(FIRST_RETRY * 2 ** (tries - 1), LONGEST_RETRY);
    setTimeout(() => {
      // A newer request of the same part may have succeeded or failed in the meantime.
      if (retries.get(target) === tries && target.isConnected) {
        htmx.ajax("GET", requestConfig.path, { source: requestConfig.elt, target });
      }
    }, seconds * 1000);
  }

  document.addEventListener("htmx:responseError", event => retryLater(event.detail));
  document.addEventListener("htmx:sendError", event => retryLater(event.detail));
  document.addEventListener("htmx:beforeSwap", event => { if (event.detail.xhr.status < 400) markFresh(event.detail.target); });

  document.addEventListener("submit", event => {
    const question = event.target.dataset.confirm;
    if (question && !confirm(question)) event.preventDefault();
    // A list is frozen from what the fields say now, also where the numbers beside them are still on their way.
    const fields = document.getElementById(event.target.dataset.fieldsOf);
    if (fields) event.target.elements.query.value = new URLSearchParams(new FormData(fields));
  });

  // A clipboard is there on this machine and under https alone; elsewhere the button stays hidden.
  document.addEventListener("DOMContentLoaded", () => document.querySelectorAll("[data-copy]").forEach(button => {
    button.hidden = !navigator.clipboard;
    button.addEventListener("click", () => navigator.clipboard.writeText(document.getElementById(button.dataset.copy).value)
      .then(() => { button.textContent = button.dataset.copied; }));
  }));

  document.addEventListener("input", event => {
    const output = event.target.type === "range" && document.querySelector(`output[for~="${CSS.escape(event.target.id)}"]`);
    if (!output) return;
    const { format, currency } = event.target.dataset;
    const options = { percent: { style: "percent" }, money: { style: "currency", currency, maximumFractionDigits: 0 } }[format];
    output.value = new Intl.NumberFormat(document.documentElement.lang, options || {}).format(event.target.value);
  });
})();
