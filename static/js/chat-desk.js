// The agent's Chat Widget and its dialog. It stands outside of what page changes swap, so that its socket, the chat on
// display and what is being typed stay. Its parts are in `desk-*.js`; this file wires them to the socket and the buttons.

import "./canned-responses.js";
import "./category-picker.js";
import "./chat-tags.js";
import "./conversation-search.js";
import "./agent-mentions.js";
import "./chat-files.js";
import { DeskAlerts } from "./desk-alerts.js";
import { DeskAlertsForm } from "./desk-alerts-form.js";
import { listenToButtons } from "./desk-buttons.js";
import "./desk-draft.js";
import { DeskDialogs } from "./desk-dialogs.js";
import "./desk-file.js";
import { DeskList } from "./desk-list.js";
import { DeskNotices } from "./desk-notices.js";
import { DeskPane } from "./desk-pane.js";
import { DeskPlace } from "./desk-place.js";
import { DeskQueue } from "./desk-queue.js";
import { DeskRequests } from "./desk-requests.js";
import { DeskRinging } from "./desk-ringing.js";
import { chatUrlOf, rememberedState, rememberState } from "./desk-state.js";
import { DeskShortcuts } from "./desk-shortcuts.js";
import { DeskStatus } from "./desk-status.js";
import { DeskTitle } from "./desk-title.js";
import { Watchers } from "./desk-watchers.js";
import "./masked-text.js";
import "./offered-text.js";
import { Outbox } from "./outbox.js";
import { Socket } from "./socket.js";
import "./transfer-targets.js";

class ChatDesk extends HTMLElement {
  #clock = 0;
  #watchers = new Watchers();

  connectedCallback() {
    this.dialog = this.querySelector(".chat-dialog");
    this.launcher = this.querySelector(".chat-widget");
    this.#makeParts();
    this.#listen();
    this.#restore();
    this.socket.open();
    this.#clock = setInterval(() => this.#tick(), 1000);
  }

  disconnectedCallback() {
    clearInterval(this.#clock);
    this.shortcuts.leave();
    this.place.leave();
    this.socket.close();
    this.tabTitle.clear();
    this.alerts.keep([]);
    this.alerts.looking.note(null);
    window.removeEventListener("focus", this.#noteLook);
    window.removeEventListener("blur", this.#noteLook);
    document.removeEventListener("visibilitychange", this.#noteLook);
  }

  toggle(open = this.dialog.hidden) {
    this.#setOpen(open);
    if (!open) {
      this.#concealMasks();
      this.launcher.focus();
    } else {
      if (!this.pane.focusComposer()) this.querySelector(".chat-entry, [data-action=close]")?.focus({ preventScroll: true });
      this.pane.noteShown();
    }
  }

  /** Shows the chat of this address, in which the agent can write a note, or more if it is the agent's own. */
  async look(url) {
    this.toggle(true);
    await this.pane.showAt(url);
  }

  /** Where there is room for one column: back from the chat to Active Chats. */
  showList() {
    this.dialog.dataset.view = "list";
    this.#concealMasks();
  }

  /** Where there is room for one column: the customer's details in place of the chat, or the chat again. */
  showCustomer(isShown) {
    this.dialog.dataset.view = isShown ? "customer" : "chat";
    this.dialog.querySelector(`[data-action=${isShown ? "leave-customer" : "customer"}]`)?.focus();
  }

  /** Calls `apply(frame)` with every change of `chat` after `rev`. Returns how to stop. */
  watch(chat, rev, apply) {
    const forget = this.#watchers.add(chat, rev, apply);
    this.socket.send({ type: "watch", chat, rev });
    return () => {
      forget();
      this.#unwatch(chat);
    };
  }

  #makeParts() {
    const part = (name) => this.querySelector(`[data-part=${name}]`);
    const texts = part("texts").dataset;
    this.texts = texts;
    this.place = new DeskPlace(this.dialog, this.dataset.agent);
    this.socket = new Socket(this.dataset.socket);
    this.outbox = new Outbox(`agent-${this.dataset.agent}`);
    this.outbox.transmit = (entry) => this.socket.send({ type: "send", ...entry });
    this.notices = new DeskNotices(part("notice"), part("said"));
    const requests = new DeskRequests(texts, (text) => this.notices.say(text));
    this.pane = new DeskPane(this, {
      socket: this.socket,
      outbox: this.outbox,
      texts,
      requests,
      notices: this.notices,
      shown: () => this.#chatShown(),
      left: (chat) => this.#unwatch(chat),
    });
    this.dialogs = new DeskDialogs(this, requests, (html, options) => this.pane.show(html, options));
    this.status = new DeskStatus(this, requests, this.dialogs);
    this.list = new DeskList(part("list"), () => this.#showAttention());
    this.queue = new DeskQueue(part("queue"), requests);
    const announcement = part("announce");
    this.ringing = new DeskRinging({ launcher: this.launcher, announcement });
    this.tabTitle = new DeskTitle(announcement.dataset);
    this.alerts = new DeskAlerts(this.dataset.agent, announcement.dataset, (chat) => this.#openFromOutside(chat));
    this.shortcuts = new DeskShortcuts(this, () => this.askShortcuts());
    this.askShortcuts = () => {
      const save = (form) => requests.post(form.action, new FormData(form));
      this.dialogs.showShortcuts(this.list.settings.shortcuts === "on", save);
    };
    this.alertsForm = new DeskAlertsForm(part("alerts"), {
      save: (form) => this.#saveAlerts(requests, form),
      sample: () => this.alerts.sample(),
    });
  }

  #listen() {
    this.socket.addEventListener("open", () => this.#connected());
    this.socket.addEventListener("lost", () => this.notices.keep(this.texts.offline));
    this.socket.addEventListener("refused", () => this.remove());
    this.socket.addEventListener("frame", (event) => this.#receive(event.detail));
    for (const type of ["masking-notice", "chat-notice"]) this.addEventListener(type, ({ detail }) => this.notices.say(detail));
    this.addEventListener("mask-offered", (event) => this.pane.maskRange(event.detail));
    window.addEventListener("focus", this.#noteLook);
    window.addEventListener("blur", this.#noteLook);
    document.addEventListener("visibilitychange", this.#noteLook);
    listenToButtons(this);
  }

  // The socket

  #connected() {
    this.notices.keep("");
    for (const [chat, rev] of this.#watchers.revs()) this.socket.send({ type: "watch", chat, rev });
    this.pane.watch();
    this.outbox.resendOthers(this.pane.chat);
  }

  #receive(frame) {
    if (frame.type === "desk") this.#showDesk(frame);
    else if (frame.type === "line") this.#showLine(frame);
    else if (frame.type === "waiting") this.#showWaiting(frame);
    else if (frame.type === "ack" || frame.type === "error") this.#answer(frame);
    else this.#pass(frame);
  }

  #showDesk(frame) {
    const began = this.ringing.show(frame.ringing);
    this.list.show(frame, this.pane.chat);
    this.status.show(frame.status, this.list.settings.breakReason);
    this.queue.show(this.list.waitingNote);
    this.notices.announce(this.list.latest);
    this.alerts.set(this.list.settings);
    this.alertsForm.show(this.list.settings);
    this.shortcuts.set(this.list.settings.shortcuts === "on");
    this.alerts.ring(this.list.ringingChats);
    if (began) this.list.scrollIntoView();
    if (this.pane.isMine && !frame.chats.includes(this.pane.chat)) this.pane.reload();
    document.dispatchEvent(new Event("desk-shown"));
  }

  #showLine(frame) {
    this.list.showLine(frame);
    if (frame.author === "customer" && frame.unread) this.alerts.message(frame.chat, frame.seq);
  }

  #showWaiting(frame) {
    this.list.showWaiting(frame);
    this.queue.show(frame.html);
  }

  #showAttention() {
    const { attention } = this.list;
    this.ringing.showCounts(attention);
    this.tabTitle.show(attention);
    this.alerts.keep(this.list.askingChats);
  }

  #pass(frame) {
    // The server has it, even if its chat has been left meanwhile.
    if (frame.client_id) this.outbox.remove(frame.client_id);
    // A new message is also its chat's last line.
    if (frame.line !== undefined) this.#showLine({ ...frame, text: frame.line });
    if (frame.chat === this.pane.chat) this.pane.receive(frame);
    this.#watchers.pass(frame);
  }

  #answer(frame) {
    const entry = frame.client_id && this.outbox.get(frame.client_id);
    if (entry && entry.chat !== this.pane.chat) {
      if (frame.type === "ack") this.outbox.remove(frame.client_id);
      else this.outbox.triesAgain(frame.code, entry.chat); // for good: told when the chat is shown
    } else if (frame.client_id || frame.code === "bad_frame") {
      this.pane.receive(frame);
    } else if (frame.type === "error") {
      this.notices.say(frame.text);
    }
  }

  #unwatch(chat) {
    if (!this.#watchers.has(chat) && this.pane.chat !== chat) this.socket.send({ type: "unwatch", chat });
  }

  // The dialog

  #chatShown() {
    this.dialog.dataset.view = "chat";
    this.shortcuts.tell();
    this.list.showCurrent(this.pane.chat);
    this.#remember();
    this.#noteLook();
  }

  #tick() {
    this.list.tick();
    this.queue.tick(this.list.target);
    this.tabTitle.tick(this.list.attention);
    this.alerts.tick();
  }

  /** The agent looks at this tab, or away from it, or at another chat. */
  #noteLook = () => {
    const looks = !document.hidden && document.hasFocus();
    this.alerts.looking.note(looks ? (!this.dialog.hidden && this.pane.chat) || 0 : null);
  };

  /** From a notification: a chat that rings is not answered by that, a click on its entry does. */
  #openFromOutside(chat) {
    const entry = this.list.entry(chat);
    this.toggle(true);
    if (entry?.dataset.state === "active") this.pane.open(entry);
    else entry?.focus();
  }

  async #saveAlerts(requests, form) {
    const fields = new URLSearchParams(new FormData(form));
    this.alerts.set({
      ringSound: fields.has("ring_sound") ? "on" : "off",
      messageSound: fields.has("message_sound") ? "on" : "off",
      volume: fields.get("volume"),
      notifications: fields.has("notifications") ? "on" : "off",
    });
    return (await requests.post(form.action, fields)) !== null;
  }

  #setOpen(open) {
    this.dialog.hidden = !open;
    this.launcher.setAttribute("aria-expanded", String(open));
    this.place.noteOpen();
    this.#remember();
    this.#noteLook();
  }

  #concealMasks() {
    for (const mask of this.querySelectorAll("masked-text[data-revealed]")) mask.conceal();
  }

  #remember() {
    rememberState({ open: !this.dialog.hidden, url: this.pane.url });
  }

  /** As it was before the page was loaded anew. The focus stays the page's. */
  #restore() {
    const state = rememberedState();
    if (!state) return;
    if (state.open) this.#setOpen(true);
    const url = chatUrlOf(state, this.dataset.conversationUrl);
    if (url) this.pane.restore(url);
  }
}

customElements.define("chat-desk", ChatDesk);
