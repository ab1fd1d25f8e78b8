// A conversation to read: live through the Chat Widget's socket, or by asking every few seconds if there is none.

import "./category-picker.js";
import "./chat-tags.js";
import { Conversation } from "./conversation.js";
import "./conversation-search.js";
import "./desk-file.js";
import { failureOf } from "./forms.js";
import { maskSpans, rememberSelection, selectedSpans } from "./mask-selection.js";
import "./masked-text.js";
import "./offered-text.js";
import "./quotes.js";

const ASK_EVERY_MS = 5000;

class ChatHistory extends HTMLElement {
  connectedCallback() {
    if (this.conversation) return;
    customElements.upgrade(this); // in a page that was put in the place of another, its parts come after it
    this.texts = this.querySelector("[data-part=texts]").dataset;
    this.conversation = new Conversation(this, { chat: Number(this.dataset.chat), rev: Number(this.dataset.rev), texts: this.texts });
    this.selection = rememberSelection(this.conversation.scroll);
    this.querySelector("conversation-search").begin(this);
    this.addEventListener("click", (event) => this.#clicked(event));
    for (const type of ["masking-notice", "chat-notice"]) this.addEventListener(type, ({ detail }) => this.#say(detail));
    this.addEventListener("mask-offered", (event) => this.#mask(selectedSpans(this.conversation.scroll, event.detail)));
    this.addEventListener("mask-changed", () => this.#ask());
    this.#follow();
  }

  disconnectedCallback() {
    this.stop?.();
    this.selection?.forget();
  }

  async #follow() {
    const desk = document.querySelector("chat-desk");
    // A desk removes itself when its agent may not chat any more.
    const timer = setInterval(() => desk?.isConnected || this.#ask(), ASK_EVERY_MS);
    this.stop = () => clearInterval(timer);
    if (!desk) return;
    await customElements.whenDefined("chat-desk");
    const unwatch = desk.watch(this.conversation.chat, this.conversation.rev, (frame) => this.#apply(frame));
    this.stop = () => {
      clearInterval(timer);
      unwatch();
    };
  }

  async #ask() {
    if (document.hidden) return;
    const response = await fetch(`${this.dataset.changesUrl}?rev=${this.conversation.rev}`).catch(() => null);
    if (response?.ok && !response.redirected) for (const frame of await response.json()) this.#apply(frame);
  }

  #apply(frame) {
    if (frame.type === "message") this.conversation.apply(frame);
    else if (frame.type === "marks") this.conversation.setReceipts(frame.customer_received, frame.customer_read);
  }

  async #clicked(event) {
    const button = event.target.closest("[data-action]");
    if (button?.dataset.action === "search") {
      this.querySelector("conversation-search").toggle();
    } else if (button?.dataset.action === "mask") {
      this.#mask(this.selection.take());
    } else if (button?.dataset.action === "earlier") {
      button.disabled = true;
      const response = await fetch(`${button.dataset.url}?before=${this.conversation.messages[0].dataset.seq}`).catch(() => null);
      button.disabled = false;
      if (!response?.ok || response.redirected) return this.#say(await failureOf(response, this.texts));
      this.#say("");
      this.conversation.addPart(await response.text());
      button.parentElement.hidden = this.conversation.messages[0].dataset.seq === "1";
    }
  }

  async #mask(spans) {
    this.#say(await maskSpans(this.dataset.maskUrl, spans, this.texts));
    this.#ask();
  }

  #say(text) {
    const notice = this.querySelector("[data-part=notice]");
    if (notice) notice.textContent = text;
  }
}

customElements.define("chat-history", ChatHistory);
