// The comments of a ticket: what an agent selects in them is masked. Tickets have no socket: what others change in the
// texts of the page comes by asking.

import { maskSpans, rememberSelection, selectedSpans } from "./mask-selection.js";
import "./masked-text.js";
import "./offered-text.js";
import { localiseTimes } from "./times.js";

const ASK_EVERY_MS = 5000;

class TicketComments extends HTMLElement {
  #timer = 0;

  connectedCallback() {
    if (!this.texts) this.#listen();
    this.selection = rememberSelection(this.#comments);
    this.#timer = setInterval(this.#ask, ASK_EVERY_MS);
    document.addEventListener("visibilitychange", this.#ask);
  }

  disconnectedCallback() {
    clearInterval(this.#timer);
    document.removeEventListener("visibilitychange", this.#ask);
    this.selection.forget();
  }

  get #comments() {
    return this.querySelector("[data-part=comments]");
  }

  get #timeline() {
    return this.querySelector("#ticket-timeline");
  }

  #listen() {
    this.texts = { ...this.querySelector("[data-part=texts]").dataset, selectFirst: this.dataset.selectFirst };
    this.querySelector("[data-action=mask]")?.addEventListener("click", () => this.#mask(this.selection.take()));
    this.addEventListener("mask-offered", (event) => this.#mask(selectedSpans(this.#comments, event.detail)));
    this.addEventListener("mask-changed", this.#ask);
    this.addEventListener("masking-notice", (event) => this.#say(event.detail));
  }

  async #mask(spans) {
    this.#say(await maskSpans(this.dataset.maskUrl, spans, this.texts));
    this.#ask();
  }

  #ask = async () => {
    if (document.hidden) return;
    const seen = this.#timeline.dataset.seen;
    const response = await fetch(`${this.dataset.changesUrl}?seen=${seen}`).catch(() => null);
    if (response?.status !== 200 || response.redirected || !this.isConnected) return;
    const html = await response.text();
    // Older than what the page has been given in the meantime.
    if (this.#timeline.dataset.seen !== seen) return this.#ask();
    this.#apply(html);
  };

  /** Replaces what has another rev, and no more: selections, open masks and what is being typed stay. */
  #apply(html) {
    const template = document.createElement("template");
    template.innerHTML = html;
    localiseTimes(template.content);
    this.#timeline.dataset.seen = template.content.querySelector("#ticket-timeline").dataset.seen;
    let before = null;
    for (const part of template.content.querySelectorAll("[id][data-rev]")) {
      const shown = document.getElementById(part.id);
      if (!shown) this.#insert(part, before);
      else if (shown.dataset.rev !== part.dataset.rev) this.#replace(shown, part);
      window.htmx?.process(part);
      before = part.id;
    }
  }

  /** Not under somebody's hands: what is open is asked for again until it is closed. */
  #replace(shown, part) {
    if (shown.querySelector("details[open]")) this.#timeline.dataset.seen = "";
    else shown.replaceWith(part);
  }

  /** Only lines of the timeline are ever new. */
  #insert(line, before) {
    const previous = this.#timeline.querySelector(`#${before}`);
    if (previous) previous.after(line);
    else this.#timeline.prepend(line);
  }

  #say(text) {
    const notice = this.querySelector("[data-part=notice]");
    if (notice) notice.textContent = text;
  }
}

customElements.define("ticket-comments", TicketComments);
