// Brings the Chat Widget onto a page whose agent gets the chat permission while it is open. (Who loses it loses the
// widget: the server closes its socket.)

import { BY_THE_CLOCK } from "./forms.js";
import { localiseTimes } from "./times.js";

const ASK_EVERY_MS = 20_000;

class ChatPermission extends HTMLElement {
  #timer = 0;

  connectedCallback() {
    this.#timer = setInterval(this.#ask, ASK_EVERY_MS);
    document.addEventListener("visibilitychange", this.#ask);
    document.addEventListener("htmx:afterSettle", this.#ask); // a page of the desk was opened: a permission was saved, perhaps
  }

  disconnectedCallback() {
    clearInterval(this.#timer);
    document.removeEventListener("visibilitychange", this.#ask);
    document.removeEventListener("htmx:afterSettle", this.#ask);
  }

  #ask = async () => {
    if (document.hidden || document.querySelector("chat-desk")) return;
    const response = await fetch(this.dataset.url, { headers: BY_THE_CLOCK }).catch(() => null);
    if (response?.status !== 200 || response.redirected) return;
    const html = await response.text();
    if (document.querySelector("chat-desk") || !this.isConnected) return;
    this.insertAdjacentHTML("beforebegin", html);
    localiseTimes(document.querySelector("chat-desk"));
    await import("./chat-desk.js");
  };
}

customElements.define("chat-permission", ChatPermission);
