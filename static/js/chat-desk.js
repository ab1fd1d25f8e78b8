// The agent's Chat Widget and its dialog. It stands outside of what page changes swap, so that its socket, the chat on
// display and what is being typed stay.

import { Alerts } from "./alerts.js";
import { ChatView } from "./chat-view.js";
import { maskSpans, rememberSelection, selectedSpans } from "./mask-selection.js";
import "./masked-text.js";
import "./offered-text.js";
import { Outbox } from "./outbox.js";
import { Socket } from "./socket.js";
import { localiseTimes } from "./times.js";

const STATE_KEY = "contiple-desk";
const SAID_MS = 5000;

const LINE_LENGTH = 120;

/** How the list shows a message. */
function lineOf(html) {
  const body = new DOMParser().parseFromString(html, "text/html").querySelector(".message-body");
  return [...body.textContent.replace(/\s+/gu, " ").trim()].slice(0, LINE_LENGTH).join("");
}

class ChatDesk extends HTMLElement {
  #watchers = new Map(); // chat id → set of functions, for conversations elsewhere on the page
  #view = null;
  #selection = null;

  connectedCallback() {
    this.texts = this.querySelector("[data-part=texts]").dataset;
    this.dialog = this.querySelector(".chat-dialog");
    this.launcher = this.querySelector(".chat-widget");
    this.alerts = new Alerts();
    this.outbox = new Outbox(`agent-${this.dataset.agent}`);
    this.socket = new Socket(this.dataset.socket);
    this.socket.addEventListener("open", () => this.#connected());
    this.socket.addEventListener("lost", () => this.#notice(this.texts.offline));
    this.socket.addEventListener("refused", () => this.#refused());
    this.socket.addEventListener("frame", (event) => this.#receive(event.detail));
    this.launcher.addEventListener("click", () => this.toggle());
    this.addEventListener("click", (event) => this.#clicked(event));
    this.addEventListener("submit", (event) => this.#submitted(event));
    this.addEventListener("masking-notice", (event) => this.#say(event.detail));
    this.addEventListener("mask-offered", (event) => this.#mask(selectedSpans(this.#view.conversation.scroll, event.detail)));
    this.dialog.addEventListener("keydown", (event) => {
      if (event.key === "Escape" && !event.defaultPrevented && !this.#closeMenus()) this.toggle(false);
    });
    this.#showSound();
    this.#restore();
    this.socket.open();
  }

  disconnectedCallback() {
    this.socket.close();
    this.alerts.ring(0);
  }

  toggle(open = this.dialog.hidden) {
    this.dialog.hidden = !open;
    this.launcher.setAttribute("aria-expanded", String(open));
    this.#remember();
    if (!open) {
      this.#concealMasks();
      this.launcher.focus();
    } else {
      (this.#view?.composer?.textarea || this.querySelector(".chat-entry, [data-action=close]"))?.focus({ preventScroll: true });
      this.#view?.conversation.toBottom();
      this.#view?.noteSeen();
    }
  }

  /** Calls `apply(frame)` with every change of `chat` after `rev`. Returns how to stop. */
  watch(chat, rev, apply) {
    const watcher = { apply, rev };
    if (!this.#watchers.has(chat)) this.#watchers.set(chat, new Set());
    this.#watchers.get(chat).add(watcher);
    this.socket.send({ type: "watch", chat, rev });
    return () => {
      this.#watchers.get(chat)?.delete(watcher);
      if (this.#watchers.get(chat)?.size === 0) this.#watchers.delete(chat);
      if (!this.#isWatched(chat)) this.socket.send({ type: "unwatch", chat });
    };
  }

  // The socket

  #connected() {
    this.#notice("");
    for (const [chat, watchers] of this.#watchers) {
      const revs = [...watchers].map((watcher) => watcher.rev);
      this.socket.send({ type: "watch", chat, rev: Math.min(...revs) });
    }
    if (this.#view) this.#watchView();
    for (const entry of this.outbox.all()) {
      if (entry.chat !== this.#view?.chat) this.socket.send({ type: "send", ...entry });
    }
  }

  #watchView() {
    this.socket.send({ type: "watch", chat: this.#view.chat, rev: this.#view.conversation.rev });
    this.#view.resend();
  }

  #receive(frame) {
    if (frame.type === "desk") this.#showDesk(frame);
    else if (frame.type === "line") this.#showLine(frame);
    else if (frame.type === "waiting") this.#showWaiting(frame);
    else if (frame.type === "ack" || frame.type === "error") this.#answer(frame);
    else this.#pass(frame);
  }

  #pass(frame) {
    // It has arrived, also where its chat has been left meanwhile.
    if (frame.client_id) this.outbox.remove(frame.client_id);
    // A message that is new now is also its chat's last line.
    if (frame.type === "message" && frame.unread !== undefined) this.#showLine({ ...frame, text: lineOf(frame.html) });
    if (frame.chat === this.#view?.chat) this.#view.receive(frame);
    for (const watcher of this.#watchers.get(frame.chat) || []) {
      watcher.rev = Math.max(watcher.rev, frame.rev || 0);
      watcher.apply(frame);
    }
  }

  #answer(frame) {
    const entry = frame.client_id && this.outbox.get(frame.client_id);
    if (entry && entry.chat !== this.#view?.chat) {
      if (frame.type === "ack") this.outbox.remove(frame.client_id);
    } else if (frame.client_id) {
      this.#view?.receive(frame);
    } else if (frame.type === "error") {
      this.#say(frame.text);
    }
  }

  #refused() {
    this.alerts.ring(0);
    this.remove();
  }

  // What the desk shows

  #showDesk(frame) {
    this.dataset.status = frame.status;
    for (const button of this.querySelectorAll("button[data-status]:not(.chat-widget)")) {
      button.setAttribute("aria-pressed", String(button.dataset.status === frame.status));
      button.removeAttribute("aria-busy");
    }
    const began = frame.ringing && this.launcher.dataset.state !== "ringing";
    this.launcher.dataset.status = frame.status;
    this.launcher.dataset.state = frame.ringing ? "ringing" : "idle";
    this.counts = { ringing: frame.ringing, waiting: frame.waiting, unread: frame.unread };
    this.#showCount();
    const announce = this.querySelector("[data-part=announce]");
    announce.textContent = frame.ringing ? announce.dataset.ringing : "";
    this.alerts.ring(frame.ringing, announce.dataset.ringing);
    this.#showList(frame.html);
    if (began) this.querySelector(".chat-list")?.scrollIntoView({ block: "nearest" });
    const isMine = frame.chats.includes(this.#view?.chat);
    if (this.#view?.root.dataset.mine === "true" && !isMine) this.#reload();
  }

  #showCount() {
    const { ringing, waiting, unread } = this.counts;
    this.querySelector(".chat-widget-count").textContent = ringing + waiting + unread || "";
  }

  #showWaiting({ waiting, html }) {
    const note = this.querySelector("[data-part=waiting]");
    if (!note) return; // the desk itself has not come yet
    note.innerHTML = html;
    this.counts.waiting = waiting;
    this.#showCount();
  }

  #showList(html) {
    const list = this.querySelector("[data-part=list]");
    const focused = list.contains(document.activeElement) ? document.activeElement.dataset.chat : null;
    list.innerHTML = html;
    localiseTimes(list);
    this.#markCurrent();
    if (focused) list.querySelector(`[data-chat="${focused}"]`)?.focus();
  }

  #showLine({ chat, text, unread }) {
    const entry = this.querySelector(`.chat-entry[data-chat="${chat}"]`);
    if (!entry) return;
    entry.querySelector(".chat-entry-line").textContent = text;
    const count = entry.querySelector(".count");
    if (this.counts && entry.dataset.state === "active") {
      this.counts.unread += unread - Number(count.textContent || 0);
      this.#showCount();
    }
    count.textContent = unread || "";
    const time = entry.querySelector("time[data-format=time]");
    if (time) {
      time.dateTime = new Date().toISOString();
      localiseTimes(entry);
    }
  }

  #markCurrent() {
    for (const entry of this.querySelectorAll(".chat-entry")) {
      entry.setAttribute("aria-current", String(Number(entry.dataset.chat) === this.#view?.chat));
    }
  }

  // The chat on display

  async #open(entry) {
    entry.setAttribute("aria-busy", "true");
    const html = await this.#fetch(entry.dataset.url, { method: "POST" });
    entry.removeAttribute("aria-busy");
    if (html !== null) this.#show(html, { focus: true });
  }

  /** An admin looks at a chat of somebody else: nothing is opened by it. */
  async #look(entry) {
    entry.setAttribute("aria-busy", "true");
    const html = await this.#fetch(entry.dataset.look);
    entry.removeAttribute("aria-busy");
    if (html !== null) this.#show(html, { focus: true });
  }

  async #reload() {
    const html = await this.#fetch(this.#view.root.dataset.url);
    if (html !== null) this.#show(html);
  }

  #show(html, { focus = false } = {}) {
    this.#leave();
    const pane = this.querySelector(".chat-dialog-body > .chat-dialog-main");
    pane.outerHTML = html;
    const root = this.querySelector(".chat-dialog-body > .chat-dialog-main");
    const customer = root.querySelector("template[data-part=customer]");
    this.querySelector("[data-part=customer-slot]").replaceChildren(customer?.content.cloneNode(true) || "");
    localiseTimes(this);
    if (!root.dataset.chat) return;
    this.#view = new ChatView(root, { socket: this.socket, outbox: this.outbox, texts: this.texts, address: Number(root.dataset.chat) });
    this.#selection = rememberSelection(this.#view.conversation.scroll);
    if (this.socket.isOpen) this.#watchView();
    this.dialog.dataset.view = "chat";
    this.#markCurrent();
    this.#remember();
    if (focus) (this.#view.composer || this.#view.conversation.scroll).focus();
  }

  #leave() {
    if (!this.#view) return;
    const { chat } = this.#view;
    this.#view.leave();
    this.#selection.forget();
    this.#view = null;
    if (!this.#isWatched(chat)) this.socket.send({ type: "unwatch", chat });
  }

  #isWatched(chat) {
    return this.#watchers.has(chat) || this.#view?.chat === chat;
  }

  // Buttons

  #clicked(event) {
    const entry = event.target.closest(".chat-entry");
    const status = event.target.closest("button[data-status]:not(.chat-widget)");
    const action = event.target.closest("[data-action]");
    this.#closeMenus(event.target);
    if (entry?.dataset.look) this.#look(entry);
    else if (entry) this.#open(entry);
    else if (status) this.#chooseStatus(status);
    else if (action) {
      if (action.href && action.dataset.action === "hand-over") event.preventDefault();
      this.#act(action.dataset.action, action);
    }
  }

  /** Open menus close on a click elsewhere and on Escape. Returns whether there was one. */
  #closeMenus(target = null) {
    const menus = [...this.querySelectorAll("details.dropdown[open]")].filter((menu) => !target || !menu.contains(target));
    for (const menu of menus) {
      menu.open = false;
      if (!target) menu.querySelector("summary").focus();
    }
    return menus.length > 0;
  }

  #submitted(event) {
    const part = event.target.dataset.part;
    if (part !== "hand-over" && part !== "take-over") return;
    event.preventDefault();
    this.#submit(event.target);
  }

  #act(action, button) {
    switch (action) {
      case "close":
        return this.toggle(false);
      case "enlarge":
        return this.#enlarge(this.dialog.dataset.size !== "full");
      case "sound":
        this.alerts.isSoundOn = !this.alerts.isSoundOn;
        return this.#showSound();
      case "back":
        this.dialog.dataset.view = "list";
        return this.#concealMasks();
      case "mask":
        return this.#mask(this.#selection.take());
      case "follow-up":
        return this.#askFollowUp(button.dataset.url);
      case "end":
        return this.#askEnd(button.dataset.url);
      case "hand-over":
        return this.#askHandOver(button.href);
      case "dismiss":
        return this.querySelector("[data-part=dialog]").close();
    }
  }

  async #chooseStatus(button) {
    button.setAttribute("aria-busy", "true");
    const question = await this.#setStatus(button.dataset.status);
    button.removeAttribute("aria-busy");
    if (question) this.#askOffline(question, button.dataset.status);
  }

  /** The server's question, where there is one: then nothing has been changed. */
  #setStatus(status, choice = "") {
    return this.#fetch(this.dataset.statusUrl, { method: "POST", body: new URLSearchParams({ status, open_chats: choice }) });
  }

  #askOffline(html, status) {
    const dialog = this.#dialog(fragment(html));
    for (const button of dialog.querySelectorAll("[data-choice]")) {
      button.addEventListener("click", async () => {
        dialog.close();
        await this.#setStatus(status, button.dataset.choice);
      });
    }
  }

  async #askHandOver(url) {
    this.#closeMenus();
    const html = await this.#fetch(url);
    if (html !== null) this.#dialog(fragment(html));
  }

  /** A form that hands a chat over: its answer is the chat as it is now, or the form again with what was refused. */
  async #submit(form) {
    const submit = form.querySelector("button:not([type=button])");
    submit.disabled = true;
    const response = await this.#request(form.action, { method: "POST", body: new URLSearchParams(new FormData(form)) });
    submit.disabled = false;
    const isPage = response?.headers.get("Content-Type")?.startsWith("text/html");
    if (response?.ok) {
      this.querySelector("[data-part=dialog]").close();
      this.#show(await response.text(), { focus: true });
    } else if (isPage && form.dataset.part === "hand-over" && response.status < 500) {
      this.#dialog(fragment(await response.text())).querySelector("[role=alert]")?.scrollIntoView({ block: "nearest" });
    } else {
      await this.#explain(response);
    }
  }

  async #mask(spans) {
    this.#say(await maskSpans(this.#view.root.dataset.maskUrl, spans, this.texts));
  }

  #askEnd(url) {
    const dialog = this.#dialog(this.querySelector("template[data-part=confirm-end]").content.cloneNode(true));
    dialog.querySelector("[data-action=confirm]").addEventListener("click", async () => {
      dialog.close();
      const html = await this.#fetch(url, { method: "POST" });
      if (html !== null) this.#show(html);
    });
  }

  async #askFollowUp(url) {
    const html = await this.#fetch(url);
    if (html !== null) this.#showFollowUpForm(html);
  }

  #showFollowUpForm(html) {
    const content = this.querySelector("template[data-part=follow-up]").content.cloneNode(true);
    content.querySelector(".dialog-body").innerHTML = html;
    const dialog = this.#dialog(content);
    const form = dialog.querySelector("form");
    if (form) form.addEventListener("submit", (event) => this.#createFollowUp(event));
    else this.#boostLinks(dialog);
  }

  async #createFollowUp(event) {
    event.preventDefault();
    const form = event.currentTarget;
    const submit = form.querySelector("button:not([type=button])");
    submit.disabled = true;
    const html = await this.#fetch(form.action, { method: "POST", body: new URLSearchParams(new FormData(form)) });
    submit.disabled = false;
    if (html !== null) this.#showFollowUpForm(html);
  }

  /** Links of the answer change the page without touching the widget. */
  #boostLinks(dialog) {
    window.htmx?.process(dialog);
    for (const link of dialog.querySelectorAll("a")) link.addEventListener("click", () => dialog.close());
  }

  #dialog(content) {
    const dialog = this.querySelector("[data-part=dialog]");
    dialog.replaceChildren(content);
    localiseTimes(dialog);
    if (!dialog.open) dialog.showModal();
    return dialog;
  }

  #enlarge(full) {
    this.dialog.dataset.size = full ? "full" : "";
    setPressed(this.querySelector("[data-action=enlarge]"), full);
    this.#remember();
  }

  #showSound() {
    setPressed(this.querySelector("[data-action=sound]"), this.alerts.isSoundOn);
  }

  #concealMasks() {
    for (const mask of this.querySelectorAll("masked-text[data-revealed]")) mask.conceal();
  }

  // What is said, what is kept

  /** A line at the top of the dialog that stays. */
  #notice(text) {
    const notice = this.querySelector("[data-part=notice]");
    notice.hidden = !text;
    notice.firstElementChild.textContent = text;
  }

  /** A line above the composer that goes away again. It moves nothing. */
  #say(text) {
    if (!text) return;
    const said = this.querySelector("[data-part=said]");
    said.replaceChildren(Object.assign(document.createElement("p"), { className: "toast", textContent: text }));
    clearTimeout(this.sayTimer);
    this.sayTimer = setTimeout(() => said.replaceChildren(), SAID_MS);
  }

  #remember() {
    const state = { open: !this.dialog.hidden, size: this.dialog.dataset.size, url: this.#view?.root.dataset.url || "" };
    sessionStorage.setItem(STATE_KEY, JSON.stringify(state));
  }

  async #restore() {
    let state = {};
    try {
      state = JSON.parse(sessionStorage.getItem(STATE_KEY)) || {};
    } catch {
      return;
    }
    const here = this.dataset.conversationUrl.replace(/0\/$/, "");
    this.#enlarge(state.size === "full");
    if (state.open) this.toggle(true);
    if (!state.url?.startsWith(here)) return;
    const html = await this.#fetch(state.url);
    if (html !== null && !this.#view) this.#show(html);
  }

  /** The body of an answer, or null: then the agent has been told why. */
  async #fetch(url, options = {}) {
    const response = await this.#request(url, options);
    if (response?.ok) return response.text();
    await this.#explain(response);
    return null;
  }

  async #request(url, options = {}) {
    const headers = { "X-CSRFToken": this.texts.csrf, "X-Requested-With": "fetch" };
    const response = await fetch(url, { ...options, headers }).catch(() => null);
    if (response?.redirected && new URL(response.url).pathname === "/sign-in/") {
      window.location.assign(response.url);
      return new Promise(() => {}); // the page goes away
    }
    return response;
  }

  async #explain(response) {
    const type = response?.headers.get("Content-Type") || "";
    this.#say(type.startsWith("text/plain") ? await response.text() : this.texts.unavailable);
  }
}

function fragment(html) {
  return document.createRange().createContextualFragment(html);
}

function setPressed(button, pressed) {
  button.setAttribute("aria-pressed", String(pressed));
  for (const part of button.querySelectorAll("[data-when]")) part.hidden = (part.dataset.when === "on") !== pressed;
}

customElements.define("chat-desk", ChatDesk);
