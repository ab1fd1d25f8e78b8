// On every page: times in the reader's zone, the sign-in page when a session has ended, and copy buttons.

import "./storage.js"; // before whatever stores
import { takeNewToken } from "./csrf.js";
import { forget, keep, restore, sayThatItIsKept } from "./kept-forms.js";
import "./times.js";

// If a page asked for in the background needs a sign-in, the sign-in opens as a page.
document.addEventListener("htmx:beforeSwap", (event) => {
  if (!isSignIn(event.detail.xhr)) return;
  event.detail.shouldSwap = false;
  window.location.assign(event.detail.xhr.responseURL);
});
// Only a page is put into a page: the words of a file would be its elements, and would act for the reader.
document.addEventListener("htmx:beforeSwap", (event) => {
  if (!isPage(event.detail.xhr)) event.detail.shouldSwap = false;
});
// The page of a dead link is shown, inside the desk.
document.addEventListener("htmx:beforeSwap", (event) => {
  const { xhr, boosted } = event.detail;
  if (xhr.status !== 404 || !boosted || !isPage(xhr)) return;
  event.detail.shouldSwap = true;
  event.detail.isError = false;
});
// Every failure says something.
const failures = document.getElementById("failures")?.dataset || {};
document.addEventListener("htmx:responseError", (event) => {
  const { xhr } = event.detail;
  takeNewToken((name) => xhr.getResponseHeader(name));
  const type = xhr.getResponseHeader("Content-Type") || "";
  announce((type.startsWith("text/plain") && isOurs(xhr) && xhr.responseText) || failures[xhr.status] || failures.other);
});
document.addEventListener("htmx:sendError", () => announce(failures.offline));
document.addEventListener("htmx:timeout", () => announce(failures.timeout));

// What was typed is kept until the server has it.
document.addEventListener("htmx:beforeRequest", ({ detail }) => isPost(detail) && keep(detail.requestConfig.elt));
// Before the answer is shown: after that, a form whose page was replaced sends no events any more.
document.addEventListener("htmx:beforeOnLoad", ({ detail }) => {
  if (isPost(detail) && isReceived(detail.xhr)) forget(detail.requestConfig.elt);
});
document.addEventListener("htmx:load", () => restore(failures.kept));
sayThatItIsKept();
// A sign-out leaves nothing in the tab: no form, no draft, no message that was not sent, no chat on display.
document.addEventListener("submit", (event) => {
  if (event.target.getAttribute("action") === "/sign-out/") sessionStorage.clear();
});

function isPost({ requestConfig }) {
  return requestConfig.elt instanceof HTMLFormElement && requestConfig.verb === "post";
}

/** A sign-in, or a set-up of two-step verification, comes before the form. */
function isReceived(xhr) {
  return xhr.status < 400 && !isSignIn(xhr) && !xhr.getResponseHeader("HX-Redirect");
}

function isSignIn(xhr) {
  return Boolean(xhr.responseURL) && new URL(xhr.responseURL).pathname === "/sign-in/";
}

function isPage(xhr) {
  return (xhr.getResponseHeader("Content-Type") || "").startsWith("text/html");
}

/** A proxy's words are not for readers, and not in their language. Ours name their signs. */
function isOurs(xhr) {
  return (xhr.getResponseHeader("Content-Type") || "").includes("charset=utf-8") && xhr.status < 502;
}

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
  toasts.setAttribute("role", "alert");
  const toast = Object.assign(document.createElement("div"), { className: "toast", textContent: text });
  toasts.append(toast);
  setTimeout(() => toast.remove(), 10_000);
}
