// On every page: times in the reader's zone, the sign-in page when a session has ended, and copy buttons.

import "./times.js";

// If a page asked for in the background needs a sign-in, the sign-in opens as a page.
document.addEventListener("htmx:beforeSwap", (event) => {
  const answered = event.detail.xhr.responseURL;
  if (answered && new URL(answered).pathname === "/sign-in/") {
    event.detail.shouldSwap = false;
    window.location.assign(answered);
  }
});
// Errors of a boosted page are shown, not swallowed.
document.addEventListener("htmx:responseError", (event) => {
  const type = event.detail.xhr.getResponseHeader("Content-Type") || "";
  if (type.startsWith("text/plain")) announce(event.detail.xhr.responseText);
});
document.addEventListener("htmx:sendError", () => announce(document.documentElement.dataset.sendError || ""));

// Copy buttons show if the browser can copy (only on a secure origin).
function showCopyButtons(root) {
  if (navigator.clipboard) for (const button of root.querySelectorAll("[data-copy]")) button.hidden = false;
}
showCopyButtons(document);
document.addEventListener("htmx:load", (event) => showCopyButtons(event.target));
document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copy]");
  if (!button) return;
  await navigator.clipboard.writeText(document.getElementById(button.dataset.copy).value);
  button.querySelector("span").textContent = button.dataset.copied;
});

function announce(text) {
  if (!text) return;
  const toasts = document.querySelector(".toasts") || document.body.appendChild(Object.assign(document.createElement("div"), { className: "toasts" }));
  toasts.setAttribute("role", "status");
  const toast = Object.assign(document.createElement("div"), { className: "toast", textContent: text });
  toasts.append(toast);
  setTimeout(() => toast.remove(), 6000);
}
