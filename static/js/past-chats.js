// A member's earlier chats, to be read again above the chat. Loaded when they are asked for first.

import { Conversation } from "./conversation.js";
import { failureOf } from "./forms.js";
import { loadScriptOf } from "./on-demand.js";
import "./quotes.js";
import { localiseTimes } from "./times.js";

class PastChats extends HTMLElement {
  #chat; // the element around it
  #row = null; // of the chat that is being read

  async connectedCallback() {
    this.#chat = this.closest("customer-chat");
    this.url = this.#chat.querySelector("[data-action=past]").dataset.url;
    this.shown = this.#chat.stage.dataset.chat || "";
    const response = await this.#post(this.url, { chat: this.shown });
    const html = await this.#textOf(response);
    if (html === null || !this.isConnected) return this.remove();
    this.innerHTML = html;
    this.dialog = this.querySelector("dialog");
    localiseTimes(this);
    this.addEventListener("click", (event) => this.#clicked(event.target.closest("[data-action]")));
    this.dialog.addEventListener("close", () => this.#left());
    await this.#styled();
    this.dialog.showModal();
    (this.querySelector(".past-chats-row") || this.querySelector("[data-action=leave-past]")).focus();
  }

  #left() {
    this.remove();
    this.#chat.noteSeen();
  }

  /** Says that in the chat below something has come. */
  note(unread) {
    for (const news of this.querySelectorAll("[data-part=news]")) news.hidden = !unread;
  }

  /** Nothing is shown before its style sheet has come; without one it is readable all the same. */
  #styled() {
    const sheet = this.querySelector("link");
    if (sheet.sheet) return null;
    return new Promise((done) => ["load", "error"].forEach((type) => sheet.addEventListener(type, done)));
  }

  #post(url, fields) {
    return this.#chat.session.post(url, fields);
  }

  /** What went wrong is said above the chat. */
  async #textOf(response) {
    const text = response?.ok ? await response.text().catch(() => null) : null;
    if (text === null) {
      this.dialog?.close();
      this.#tell(await failureOf(response, this.#chat.texts));
    }
    return text;
  }

  #tell(detail) {
    this.#chat.stage.dispatchEvent(new CustomEvent("chat-notice", { bubbles: true, detail }));
  }

  #clicked(button) {
    switch (button?.dataset.action) {
      case "leave-past":
        return this.dialog.close();
      case "read-past":
        return this.#read(button);
      case "more-past":
        return this.#more(button);
      case "back-to-past":
        return this.#back();
      case "earlier":
        return this.#earlier(button);
    }
  }

  get #reading() {
    return this.querySelector("[data-part=reading]");
  }

  async #read(row) {
    row.disabled = true;
    const html = await this.#textOf(await this.#post(row.dataset.url));
    row.disabled = false;
    if (html === null) return row.focus();
    this.#row = row;
    this.#reading.innerHTML = html;
    this.#turn(true);
    const log = this.querySelector("[data-part=log]");
    const { chat, rev } = log.dataset;
    localiseTimes(this.#reading);
    this.conversation = new Conversation(log, { chat: Number(chat), rev: Number(rev), texts: this.#chat.texts });
    loadScriptOf(log.querySelector("template[data-part=files]"));
    this.#reading.querySelector("button").focus();
  }

  #back() {
    this.#turn(false);
    this.#reading.replaceChildren();
    this.#row.focus();
  }

  #turn(isReading) {
    this.querySelector("[data-part=list]").hidden = isReading;
    this.#reading.hidden = !isReading;
  }

  async #more(button) {
    button.disabled = true;
    const fields = { chat: this.shown, before: button.dataset.before };
    const html = await this.#textOf(await this.#post(this.url, fields));
    button.disabled = false;
    if (html === null) return button.focus();
    const item = button.closest("li");
    item.insertAdjacentHTML("afterend", html);
    localiseTimes(item.parentElement);
    item.nextElementSibling?.querySelector("button").focus();
    item.remove();
  }

  async #earlier(button) {
    button.disabled = true;
    const first = this.conversation.messages[0]?.dataset.seq;
    const html = await this.#textOf(await this.#post(button.dataset.url, { before: first }));
    button.disabled = false;
    if (html === null) return button.focus();
    const added = this.conversation.addPart(html);
    button.parentElement.hidden = !added.length || this.conversation.messages[0].dataset.seq === "1";
    if (button.parentElement.hidden) this.conversation.scroll.focus();
  }
}

customElements.define("past-chats", PastChats);
