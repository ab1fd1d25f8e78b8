// The customer's page of an inquiry: asks every few seconds for what has changed, and keeps an answer in the tab until it
// is sent.

import { FormDraft } from "./form-draft.js";
import "./helpcenter.js";
import "./personal-hint.js";
import { localiseTimes } from "./times.js";

// A page that nothing comes to and nobody touches asks more and more seldom: many stay open for days.
const ASK_AFTER_MS = 5000;
const ASK_AFTER_MAX_MS = 60_000;
const SLOWER = 1.1;
const TOUCHES = ["pointerdown", "keydown", "wheel"];

class CustomerInquiry extends HTMLElement {
  #timer = 0;
  #pause = ASK_AFTER_MS;

  connectedCallback() {
    this.#askLater();
    document.addEventListener("visibilitychange", this.#askAgain);
    for (const touch of TOUCHES) document.addEventListener(touch, this.#askSoon, { passive: true });
  }

  disconnectedCallback() {
    clearTimeout(this.#timer);
    document.removeEventListener("visibilitychange", this.#askAgain);
    for (const touch of TOUCHES) document.removeEventListener(touch, this.#askSoon);
  }

  #askAgain = () => {
    this.#pause = ASK_AFTER_MS;
    this.#ask();
  };

  #askSoon = () => {
    if (this.#pause <= ASK_AFTER_MS * SLOWER) return; // it does already
    this.#pause = ASK_AFTER_MS;
    this.#askLater();
  };

  #askLater() {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(this.#ask, this.#pause);
    this.#pause = Math.min(this.#pause * SLOWER, ASK_AFTER_MAX_MS);
  }

  get #conversation() {
    return this.querySelector("[data-part=conversation]");
  }

  #ask = async () => {
    if (document.hidden) return; // it asks when it is looked at
    this.#askLater();
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
    this.#pause = ASK_AFTER_MS;
    conversation.querySelector(".inquiry-state").replaceWith(now.querySelector(".inquiry-state"));
    document.querySelector("[data-part=solved]").hidden = !("maySolve" in now.dataset);
    const entries = conversation.querySelector("ol");
    if ("whole" in now.dataset) entries.replaceChildren();
    for (const entry of now.querySelectorAll("[data-rev]")) {
      const shown = entries.querySelector(`#${entry.id}`);
      if (!shown) entries.append(entry);
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
