// Getting started: opens the Chat Widget, and shows what has been done meanwhile, here or in another tab.

import { BY_THE_CLOCK } from "./forms.js";

const ASK_EVERY_MS = 10_000;

class FirstDay extends HTMLElement {
  #timer = 0;
  #shown = "";

  connectedCallback() {
    this.#timer = setInterval(this.#ask, ASK_EVERY_MS);
    document.addEventListener("visibilitychange", this.#ask);
    window.addEventListener("focus", this.#ask);
    this.addEventListener("click", this.#clicked);
  }

  disconnectedCallback() {
    clearInterval(this.#timer);
    document.removeEventListener("visibilitychange", this.#ask);
    window.removeEventListener("focus", this.#ask);
  }

  #clicked = ({ target }) => {
    if (target.closest("[data-action=open-widget]")) document.querySelector("chat-desk")?.toggle(true);
  };

  #ask = async () => {
    if (document.hidden) return;
    const headers = { ...BY_THE_CLOCK, "X-Part": this.dataset.part };
    const response = await fetch(this.dataset.url, { headers }).catch(() => null);
    if (response?.status !== 200 || response.redirected || !this.isConnected) return;
    const html = await response.text();
    if (html !== this.#shown) this.#show(html);
    this.#shown = html;
  };

  /** The focus stays at its step. */
  #show(html) {
    const step = this.contains(document.activeElement) && document.activeElement.closest("[data-step]")?.dataset.step;
    this.innerHTML = html;
    window.htmx?.process(this);
    if (step) this.querySelector(`[data-step="${step}"] :is(a, button)`)?.focus();
  }
}

customElements.define("first-day", FirstDay);
