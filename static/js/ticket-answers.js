// The count of customers' answers in the navigation, and a word on the list of tickets when it is not current any more:
// it is not replaced by itself, under somebody's click.

import { BY_THE_CLOCK } from "./forms.js";

const ASK_EVERY_MS = 15_000;

class TicketAnswers extends HTMLElement {
  #timer = 0;
  #latest = null; // when a ticket was last changed, as the list on this page knows it

  connectedCallback() {
    this.#timer = setInterval(this.#ask, ASK_EVERY_MS);
    document.addEventListener("visibilitychange", this.#ask);
    document.addEventListener("htmx:afterSettle", this.#forget);
    this.#ask();
  }

  disconnectedCallback() {
    clearInterval(this.#timer);
    document.removeEventListener("visibilitychange", this.#ask);
    document.removeEventListener("htmx:afterSettle", this.#forget);
  }

  /** The list was drawn anew. */
  #forget = ({ target }) => {
    if (target.id !== "ticket-results") return;
    this.#latest = null;
    this.#say(false);
    this.#ask();
  };

  #ask = async () => {
    if (document.hidden) return;
    const response = await fetch(this.dataset.url, { headers: BY_THE_CLOCK }).catch(() => null);
    if (response?.status !== 200 || response.redirected || !this.isConnected) return;
    const template = document.createElement("template");
    template.innerHTML = await response.text();
    const now = template.content.querySelector("[data-part=answers]");
    const { latest } = now.dataset;
    this.querySelector("[data-part=answers]").replaceWith(now);
    if (this.#latest !== null && this.#latest !== latest) this.#say(true);
    else this.#latest = latest;
  };

  #say(isOld) {
    const word = document.querySelector("[data-part=list-is-old]");
    if (word) word.hidden = !isOld;
  }
}

customElements.define("ticket-answers", TicketAnswers);
