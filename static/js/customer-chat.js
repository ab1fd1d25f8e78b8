// The customer's chat, in a frame of its own: the form, the conversation, the way back into it.
//
// The customer is known by a token that stands in this browser's storage for this service, and goes in a header or in the
// socket's first frame, never into an address.

import "./customer-storage.js"; // before whatever stores
import { ChatView, forgetDraft, keepOnly } from "./chat-view.js";
import { FormDraft } from "./form-draft.js";
import { Outbox } from "./outbox.js";
import "./personal-hint.js";
import { Socket } from "./socket.js";
import { localiseTimes } from "./times.js";

const RETRY_MS = 2000;

class CustomerChat extends HTMLElement {
  #view = null;
  #socket = null;
  #visit = 0; // one more with each look at the server, and when the page is left: an answer to an earlier one is old

  connectedCallback() {
    this.texts = this.querySelector("[data-part=texts]").dataset;
    this.tokenKey = `contiple-chat:${this.dataset.service}`;
    this.outbox = new Outbox(`customer-${this.dataset.service}`);
    this.draft = new FormDraft(`contiple-draft:${this.dataset.service}`, ["name", "email", "message"]);
    this.isFramed = window.parent !== window;
    this.querySelector("[data-action=close]").hidden = !this.isFramed;
    this.addEventListener("click", (event) => this.#clicked(event));
    this.addEventListener("submit", (event) => this.#submitted(event));
    this.addEventListener("input", (event) => {
      const form = event.target.closest("form[data-stage=start]");
      if (form) this.draft.keep(form);
    });
    window.addEventListener("message", (event) => this.#heard(event));
    window.addEventListener("pagehide", () => this.#leave());
    window.addEventListener("pageshow", (event) => event.persisted && this.#comeBack());
    // Another tab has begun a chat, or left this one for a new one.
    window.addEventListener("storage", (event) => event.key === this.tokenKey && this.#comeBack());
    localiseTimes(this);
    this.#beginForm();
    this.#tell({ type: "ready" });
    if (this.token) this.#resume();
    else this.#welcome();
  }

  get token() {
    return localStorage.getItem(this.tokenKey) || "";
  }

  get stage() {
    return this.querySelector(".customer-chat-stage");
  }

  // Into the chat

  /** Who has no chat has nothing unsent in one. Who has begun to type stays where the cursor is. */
  #welcome() {
    keepOnly(this.outbox, 0);
    if (!this.contains(document.activeElement)) this.querySelector("input[name=name]")?.focus();
  }

  async #resume() {
    const visit = ++this.#visit;
    const unsent = this.outbox.all().map((entry) => entry.client_id).join(" ");
    const response = await this.#post(this.dataset.resumeUrl, new URLSearchParams({ unsent }));
    const html = response?.status === 200 ? await response.text().catch(() => null) : null;
    if (visit !== this.#visit) return;
    if (html !== null) this.#show(html);
    else if (!response || response.status === 200 || response.status >= 500) this.#tryAgain(visit);
    else this.#nothingToResume();
  }

  #tryAgain(visit) {
    this.#notice(this.texts.offline);
    setTimeout(() => visit === this.#visit && this.#resume(), RETRY_MS);
  }

  #nothingToResume() {
    keepOnly(this.outbox, 0);
    this.#tell({ type: "state", running: false });
    if (this.stage.dataset.stage === "away") window.location.replace(this.dataset.panelUrl);
  }

  /** Back shows a page as it was left. So nothing of the chat stays in it: what was said may be masked by then. */
  #leave() {
    this.#visit += 1;
    if (!this.#view) return;
    this.#view.leave();
    this.#socket.close();
    this.#view = this.#socket = null;
    this.stage.replaceWith(this.querySelector("template[data-part=away]").content.cloneNode(true));
  }

  #comeBack() {
    if (this.token) this.#resume();
    else if (this.stage.dataset.stage !== "start") window.location.replace(this.dataset.panelUrl);
  }

  async #submitted(event) {
    const form = event.target.closest("form[data-stage=start]");
    if (!form) return;
    event.preventDefault();
    const button = form.querySelector("[type=submit]");
    const data = new URLSearchParams(new FormData(form));
    data.set("page", this.page || document.referrer);
    button.disabled = true;
    const visit = this.#visit;
    const response = await this.#post(form.action, data);
    button.disabled = false;
    if (!response || response.status >= 500) return this.#notice(this.texts.unavailable);
    this.#notice("");
    if (response.headers.get("X-Chat-Token")) localStorage.setItem(this.tokenKey, response.headers.get("X-Chat-Token"));
    // What was typed goes with the customer to the inquiry form, should nobody be there any more.
    this.draft.keep(form);
    const html = await response.text();
    if (visit === this.#visit) this.#show(html);
    else this.#comeBack();
  }

  #show(html) {
    this.#view?.leave();
    this.#view = null;
    this.#notice("");
    this.stage.outerHTML = html;
    for (const id of this.stage.dataset.stored?.split(" ") || []) this.outbox.remove(id);
    localiseTimes(this.stage);
    const isChat = this.stage.dataset.stage === "chat";
    this.querySelector("[data-action=end].button").hidden = this.stage.dataset.state !== "active";
    this.#tell({ type: "state", running: isChat && this.stage.dataset.state !== "closed" });
    if (!isChat) {
      this.#beginForm();
      this.stage.querySelector("[aria-invalid=true], input[name=name]")?.focus();
      return;
    }
    keepOnly(this.outbox, Number(this.stage.dataset.chat));
    this.draft.forget();
    this.#view = new ChatView(this.stage, { socket: null, outbox: this.outbox, texts: this.texts, address: 0 });
    this.#view.fetchEarlier = (url, before) => this.#post(url, new URLSearchParams({ before }));
    this.#connect();
    if (this.stage.dataset.state !== "closed") this.#view.composer.focus();
  }

  #connect() {
    this.#socket?.close();
    const socket = new Socket(this.dataset.socket);
    this.#socket = this.#view.socket = socket;
    const { token } = this; // of this chat: another tab may have begun a new one by the time the line comes back
    socket.addEventListener("open", () => {
      socket.send({ type: "hello", token, rev: this.#view.conversation.rev });
      this.#notice("");
      this.#view.resend();
    });
    socket.addEventListener("lost", () => this.#notice(this.texts.offline));
    socket.addEventListener("refused", () => (token === this.token ? this.#startOver() : this.#comeBack()));
    socket.addEventListener("frame", (event) => this.#receive(event.detail));
    socket.open();
  }

  #receive(frame) {
    if (frame.type === "status") {
      this.#showStatus(frame);
    } else if (frame.type === "place") {
      const place = this.stage.querySelector(".customer-chat-queue strong");
      if (place) place.textContent = frame.place;
    } else if (this.#view.receive(frame) && frame.author !== "customer") {
      this.#tell({ type: "message" });
    }
    if (frame.type === "error" && !frame.client_id) this.#notice(frame.text);
  }

  #showStatus({ state, html }) {
    const closed = state === "closed";
    this.stage.dataset.state = state;
    this.#replaceStatus(html);
    this.stage.querySelector("[data-part=composer]").hidden = closed;
    if (closed) forgetDraft(this.outbox, this.#view.chat);
    this.querySelector("[data-action=end].button").hidden = state !== "active";
    // Who is served meanwhile is not asked any more about leaving the queue.
    if (state === "active" || closed) this.querySelector("dialog[data-part=leave]").close();
    this.#tell({ type: "state", running: !closed });
    this.#view.conversation.toBottom();
  }

  /** The place in the queue may change under a finger: the same button keeps the focus. */
  #replaceStatus(html) {
    const status = this.stage.querySelector("[data-part=status]");
    const focused = status.contains(document.activeElement) && document.activeElement.dataset.action;
    status.innerHTML = html;
    if (focused) (status.querySelector(`[data-action=${focused}]`) || this.#view.composer).focus();
  }

  /** Back to the first page: a new chat is a new consent. */
  #startOver() {
    this.#socket?.close();
    localStorage.removeItem(this.tokenKey);
    this.draft.forget();
    window.location.assign(this.dataset.panelUrl);
  }

  // Buttons

  #clicked(event) {
    const button = event.target.closest("[data-action]");
    switch (button?.dataset.action) {
      case "close":
        return this.#tell({ type: "close" });
      case "end":
      case "leave":
        return this.querySelector(`dialog[data-part=${button.dataset.action}]`).showModal();
      case "dismiss":
        return button.closest("dialog").close();
      case "confirm":
        button.closest("dialog").close();
        return this.#end();
      case "restart":
        return this.#startOver();
      case "again":
        return window.location.assign(this.dataset.panelUrl);
      case "contact":
        return this.#contact(event);
    }
  }

  /**
   * Opens Contact Us with what was typed. It goes in the body of a request: nothing personal may stand in an address,
   * and in a frame on another site the storage of this tab is not the one that the next page sees.
   */
  #contact(event) {
    const typed = Object.entries(this.#typed()).filter(([_name, value]) => value);
    if (!typed.length || event.ctrlKey || event.metaKey || event.shiftKey) return; // then it is a link
    event.preventDefault();
    const form = Object.assign(document.createElement("form"), { method: "post", action: this.dataset.contactUrl, target: "_parent", hidden: true });
    for (const [name, value] of typed) form.append(Object.assign(document.createElement("input"), { type: "hidden", name, value }));
    this.append(form);
    // On a phone the chat covers the whole page, and the form is what is wanted now.
    this.#tell({ type: "close" });
    form.submit();
    form.remove();
  }

  /** In a chat the server knows what was sent, and whose it is. */
  #typed() {
    if (!this.#view) return this.draft.fields;
    const unsent = this.outbox.of(this.#view.chat).map((entry) => entry.body);
    return { token: this.token, message: [...unsent, this.#view.composer.text].join("\n").trim() };
  }

  async #end() {
    const response = await this.#post(this.dataset.endUrl);
    if (!response?.ok) this.#notice(this.texts.unavailable);
  }

  /** The form is of use from now on: until then its button was off, since only this script can send it. */
  #beginForm() {
    const form = this.querySelector("form[data-stage=start]");
    if (!form) return;
    form.querySelector("[type=submit]").disabled = false;
    this.draft.fill(form);
  }

  // The page around the frame

  #tell(message) {
    // Nothing personal is in it, so that it may go to whatever site shows this frame (who may is `frame-ancestors`).
    if (this.isFramed) window.parent.postMessage({ contiple: message }, "*");
  }

  #heard(event) {
    if (event.source !== window.parent || !event.data?.contiple) return;
    const { type, page } = event.data.contiple;
    if (type === "shown") {
      this.page = String(page || "").slice(0, 4000);
      this.#view?.conversation.toBottom();
      this.#view?.noteSeen();
    }
  }

  #notice(text) {
    const notice = this.querySelector("[data-part=notice]");
    notice.hidden = !text;
    notice.firstElementChild.textContent = text;
  }

  #post(url, body = null) {
    const headers = { "X-Requested-With": "fetch" };
    if (this.token) headers.Authorization = `Bearer ${this.token}`;
    return fetch(url, { method: "POST", body, headers, credentials: "same-origin" }).catch(() => null);
  }
}

customElements.define("customer-chat", CustomerChat);
