// The customer's page of an inquiry: asks every few seconds for replies, and keeps an answer in the tab until it is sent.

import { FormDraft } from "./form-draft.js";
import "./personal-hint.js";
import { localiseTimes } from "./times.js";

const ASK_EVERY_MS = 10_000;

class CustomerInquiry extends HTMLElement {
  #timer = 0;

  connectedCallback() {
    this.#timer = setInterval(this.#ask, ASK_EVERY_MS);
    document.addEventListener("visibilitychange", this.#ask);
  }

  disconnectedCallback() {
    clearInterval(this.#timer);
    document.removeEventListener("visibilitychange", this.#ask);
  }

  get #conversation() {
    return this.querySelector("[data-part=conversation]");
  }

  #ask = async () => {
    if (document.hidden) return;
    const seen = encodeURIComponent(this.#conversation.dataset.seen);
    const response = await fetch(`${this.dataset.changesUrl}?seen=${seen}`).catch(() => null);
    if (response?.status !== 200) return;
    const template = document.createElement("template");
    template.innerHTML = await response.text();
    localiseTimes(template.content);
    this.#apply(template.content.querySelector("[data-part=conversation]"));
  };

  /** Only what is new or masked meanwhile is replaced, so a screen reader reads a reply once. */
  #apply(now) {
    const conversation = this.#conversation;
    conversation.dataset.seen = now.dataset.seen;
    conversation.querySelector(".inquiry-state").replaceWith(now.querySelector(".inquiry-state"));
    const log = conversation.querySelector("[role=log]");
    for (const entry of now.querySelectorAll("[data-rev]")) {
      const shown = log.querySelector(`#${entry.id}`);
      if (!shown) log.append(entry);
      else if (shown.dataset.rev !== entry.dataset.rev) shown.replaceWith(entry);
    }
  }
}

customElements.define("customer-inquiry", CustomerInquiry);

for (const form of document.querySelectorAll("form[data-answer-draft]")) {
  const draft = new FormDraft(form.dataset.answerDraft, ["body"]);
  if (window.location.hash === "#sent") {
    draft.forget();
    window.history.replaceState(null, "", window.location.pathname);
  }
  draft.fill(form);
  form.addEventListener("input", () => draft.keep(form));
}
