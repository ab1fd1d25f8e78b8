// The agent's Chat Widget and its dialog. It stands outside of what page changes swap, so that its socket, the chat on
// display and what is being typed stay. Its parts are in `desk-*.js`; this file wires them to the socket and the buttons.

import { listenToButtons } from "./desk-buttons.js";
import { DeskDialogs } from "./desk-dialogs.js";
import { DeskList } from "./desk-list.js";
import { DeskNotices } from "./desk-notices.js";
import { DeskPane } from "./desk-pane.js";
import { DeskRequests } from "./desk-requests.js";
import { DeskRinging } from "./desk-ringing.js";
import { chatUrlOf, rememberedState, rememberState } from "./desk-state.js";
import { DeskStatus } from "./desk-status.js";
import { Watchers } from "./desk-watchers.js";
import "./masked-text.js";
import "./offered-text.js";
import { Outbox } from "./outbox.js";
import { Socket } from "./socket.js";
import { setPressed } from "./toggle-button.js";

class ChatDesk extends HTMLElement {
  #watchers = new Watchers();

  connectedCallback() {
    this.dialog = this.querySelector(".chat-dialog");
    this.launcher = this.querySelector(".chat-widget");
    this.#makeParts();
    this.#listen();
    this.#restore();
    this.socket.open();
  }

  disconnectedCallback() {
    this.socket.close();
    this.ringing.stop();
  }

  toggle(open = this.dialog.hidden) {
    this.dialog.hidden = !open;
    this.launcher.setAttribute("aria-expanded", String(open));
    this.#remember();
    if (!open) {
      this.#concealMasks();
      this.launcher.focus();
    } else {
      if (!this.pane.focusComposer()) this.querySelector(".chat-entry, [data-action=close]")?.focus({ preventScroll: true });
      this.pane.noteShown();
    }
  }

  /** Makes the dialog as large as the window, or small again. */
  enlarge(full = this.dialog.dataset.size !== "full") {
    this.dialog.dataset.size = full ? "full" : "";
    setPressed(this.querySelector("[data-action=enlarge]"), full);
    this.#remember();
  }

  /** On a phone: back from the chat to Active Chats. */
  showList() {
    this.dialog.dataset.view = "list";
    this.#concealMasks();
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
    this.list = new DeskList(part("list"), this.querySelector(".chat-widget-count"));
    this.ringing = new DeskRinging({
      launcher: this.launcher,
      announcement: part("announce"),
      soundButton: this.querySelector("[data-action=sound]"),
    });
  }

  #listen() {
    this.socket.addEventListener("open", () => this.#connected());
    this.socket.addEventListener("lost", () => this.notices.keep(this.texts.offline));
    this.socket.addEventListener("refused", () => this.remove());
    this.socket.addEventListener("frame", (event) => this.#receive(event.detail));
    this.addEventListener("masking-notice", (event) => this.notices.say(event.detail));
    this.addEventListener("mask-offered", (event) => this.pane.maskRange(event.detail));
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
    else if (frame.type === "line") this.list.showLine(frame);
    else if (frame.type === "waiting") this.list.showWaiting(frame);
    else if (frame.type === "ack" || frame.type === "error") this.#answer(frame);
    else this.#pass(frame);
  }

  #showDesk(frame) {
    this.status.show(frame.status);
    const began = this.ringing.show(frame.ringing);
    this.list.show(frame, this.pane.chat);
    if (began) this.list.scrollIntoView();
    if (this.pane.isMine && !frame.chats.includes(this.pane.chat)) this.pane.reload();
  }

  #pass(frame) {
    // The server has it, even if its chat has been left meanwhile.
    if (frame.client_id) this.outbox.remove(frame.client_id);
    // A new message is also its chat's last line.
    if (frame.line !== undefined) this.list.showLine({ ...frame, text: frame.line });
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
    this.list.showCurrent(this.pane.chat);
    this.#remember();
  }

  #concealMasks() {
    for (const mask of this.querySelectorAll("masked-text[data-revealed]")) mask.conceal();
  }

  #remember() {
    rememberState({ open: !this.dialog.hidden, size: this.dialog.dataset.size, url: this.pane.url });
  }

  #restore() {
    const state = rememberedState();
    if (!state) return;
    this.enlarge(state.size === "full");
    if (state.open) this.toggle(true);
    const url = chatUrlOf(state, this.dataset.conversationUrl);
    if (url) this.pane.restore(url);
  }
}

customElements.define("chat-desk", ChatDesk);
