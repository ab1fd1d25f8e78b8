// Asks the person again who it is, in a dialog over the page, when the server wants that before an act.

import "./passkey.js";
import { failureOf, fieldsOf, withButtonOff } from "./forms.js";

const HEADERS = { "X-Requested-With": "fetch" };

/** Shows the question of `url`. Returns whether the person has answered it; the act can be repeated then. */
export async function confirmed(url, texts) {
  const asked = await fetch(url, { headers: HEADERS, cache: "no-store" }).catch(() => null);
  if (!asked?.ok || asked.redirected) return false;
  const dialog = built(texts);
  const body = dialog.querySelector(".dialog-body");
  body.innerHTML = await asked.text(); // our own fragment
  const { activeElement } = document;
  document.body.append(dialog);
  dialog.showModal();
  const isConfirmed = await new Promise((resolve) => {
    dialog.addEventListener("submit", async (event) => {
      if (event.target.method === "dialog") return;
      event.preventDefault();
      const isDone = await sent(event.target, body, texts);
      if (isDone) resolve(true);
    });
    dialog.addEventListener("close", () => resolve(false));
  });
  dialog.remove();
  activeElement?.focus();
  return isConfirmed;
}

async function sent(form, body, texts) {
  const fields = fieldsOf(form);
  const response = await withButtonOff(form, () =>
    fetch(form.action, { method: "POST", body: fields, headers: HEADERS }).catch(() => null),
  );
  if (response?.redirected) window.location.assign(response.url); // the session has ended
  else if (response?.status === 200) body.innerHTML = await response.text();
  else if (response?.status !== 204) say(body, await failureOf(response, texts));
  return response?.status === 204;
}

function say(body, text) {
  body.querySelector("[role=alert]")?.remove();
  const notice = Object.assign(document.createElement("p"), { className: "notice notice-error", textContent: text });
  notice.setAttribute("role", "alert");
  body.prepend(notice);
}

function built(texts) {
  const dialog = Object.assign(document.createElement("dialog"), { className: "dialog confirm-dialog" });
  dialog.setAttribute("aria-labelledby", "confirm-title");
  dialog.innerHTML = `
    <header class="dialog-header">
      <h2 id="confirm-title"></h2>
      <form method="dialog"><button class="button button-quiet button-small"></button></form>
    </header>
    <div class="dialog-body"></div>`;
  dialog.querySelector("h2").textContent = texts.confirmTitle;
  dialog.querySelector("button").textContent = texts.confirmCancel;
  return dialog;
}
