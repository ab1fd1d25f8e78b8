// One chat on display, for customers and agents alike: its conversation, its composer, what is unsent, what was seen.

import { draftKey, forgetDraft } from "./chat-drafts.js";
import { Composer } from "./composer.js";
import { Conversation } from "./conversation.js";
import { failureOf } from "./forms.js";
import { loadScriptOf } from "./on-demand.js";
import { Typing } from "./typing.js";

const SEEN_DELAY_MS = 300; // several messages at once are one frame
const PARTS = ["emoji-picker", "template[data-part=files]"]; // before there is a chat nobody needs their scripts

export class ChatView {
  #seen = { received: 0, read: 0 };
  #seenTimer = 0;
  #read = 0;
  #hasFailed = false; // to load earlier messages

  /** `address` is what frames carry as `chat`: its id for agents, 0 for a customer, who has only one chat. */
  constructor(root, { socket, outbox, texts, address }) {
    this.root = root;
    this.socket = socket;
    this.outbox = outbox;
    this.address = address;
    this.chat = Number(root.dataset.chat);
    this.conversation = new Conversation(root, { chat: this.chat, rev: Number(root.dataset.rev), texts });
    const [received, read] = (root.dataset.receipts || "0 0").split(" ").map(Number);
    this.conversation.setReceipts(received, read);
    this.typing = new Typing(root.querySelector("[data-part=typing]"), () => this.#tell({ type: "typing" }));
    this.composer = this.#makeComposer();
    for (const part of PARTS) loadScriptOf(root.querySelector(part));
    const files = root.querySelector("chat-files");
    if (files) customElements.whenDefined("chat-files").then(() => files.isConnected && files.begin(this));
    if (root.dataset.state === "closed") forgetDraft(outbox, this.chat); // the composer has taken it: it stays on display
    this.#showUnsent();
    root.querySelector("[data-action=earlier]")?.addEventListener("click", (event) => this.#loadEarlier(event.currentTarget));
    this.conversation.scroll.addEventListener("scroll", () => this.noteSeen(), { passive: true });
    this.onVisible = () => this.noteSeen();
    document.addEventListener("visibilitychange", this.onVisible);
    window.addEventListener("focus", this.onVisible);
    this.noteSeen();
  }

  leave() {
    // What was seen until now is told now: the timer would be too late.
    if (this.#seenTimer) this.#tellSeen();
    this.typing.leave();
    document.removeEventListener("visibilitychange", this.onVisible);
    window.removeEventListener("focus", this.onVisible);
  }

  /** After a (re)connect: what is not acknowledged is sent again. */
  resend() {
    this.outbox.resend(this.chat);
    this.#seen = { received: 0, read: 0 };
    this.noteSeen();
  }

  /** Takes a frame of this chat. Returns true for a message that is new. */
  receive(frame) {
    const isFromOther = frame.author !== this.conversation.reader;
    switch (frame.type) {
      case "message":
        return this.#receiveMessage(frame, isFromOther);
      case "ack":
        this.#acknowledged(frame);
        break;
      case "marks":
        this.#receiveReceipts(frame);
        break;
      case "typing":
        if (isFromOther) this.typing.show();
        break;
      case "error":
        this.#refused(frame);
        break;
    }
    return false;
  }

  /** The conversation has come into view. */
  noteShown() {
    this.conversation.toBottom();
    this.#tellSeen(); // at once: it may be folded again in no time
  }

  noteSeen() {
    this.#look();
    this.#seenTimer ||= setTimeout(() => this.#tellSeen(), SEEN_DELAY_MS);
  }

  /** Customers replace this: they show their token. */
  fetchEarlier(url, before) {
    return fetch(`${url}?before=${before}`);
  }

  /** Returns the headers that say who sends a file. Each side has its own. */
  proof = () => ({});

  /** Learns from a refused request whether the headers are others by now. */
  renewed = () => false;

  /** Up to where the reader has seen what came. It counts from the moment it is in view, however soon that ends. */
  get read() {
    this.#look();
    return this.#read;
  }

  /** Whether the reader is at this page. Customers replace this: theirs may be a frame, and the reader beside it. */
  hasFocus() {
    return document.hasFocus();
  }

  /** Called with why a message waits, though it is kept and sent again. Customers replace this. */
  onWait() {}

  /** Sends a message; `more` is what its frame has besides the text. */
  send(text, more) {
    const entry = this.outbox.add(this.chat, text, more);
    this.conversation.addPending(entry);
    this.typing.noteSent();
    this.root.dispatchEvent(new CustomEvent("message-sent", { detail: entry }));
  }

  /** Called with what was written in the composer. The desk replaces this: there it may be a note. */
  written(text) {
    this.send(text);
  }

  /** Called while somebody writes. The desk replaces this. */
  typed() {
    this.typing.noteTyped();
  }

  /** Puts a text that was refused into the composer again. The desk replaces this. */
  giveBack({ body }) {
    this.composer.text = [body, this.composer.text].filter(Boolean).join("\n");
  }

  #makeComposer() {
    const form = this.root.querySelector("form.composer");
    if (!form) return null;
    const key = draftKey(this.outbox, this.chat);
    return new Composer(form, { key, send: (text) => this.written(text), typing: () => this.typed() });
  }

  #showUnsent() {
    for (const entry of this.outbox.of(this.chat)) {
      if (!this.conversation.hasPending(entry.client_id)) this.conversation.addPending(entry);
    }
  }

  #receiveMessage(frame, isFromOther) {
    if (frame.client_id) this.outbox.remove(frame.client_id);
    const isNew = this.conversation.apply(frame);
    if (!isFromOther && frame.html.includes("<masked-text")) this.composer?.forgetUndo();
    if (isNew && isFromOther) this.typing.hide();
    this.noteSeen();
    return isNew;
  }

  /** Shows how far the other side is. */
  #receiveReceipts(frame) {
    if (this.conversation.reader === "agent") this.conversation.setReceipts(frame.customer_received, frame.customer_read);
    else this.conversation.setReceipts(frame.agent_received, frame.agent_read);
  }

  #look() {
    if (this.conversation.isInView && this.hasFocus()) this.#read = this.conversation.lastSeq;
  }

  #tellSeen() {
    clearTimeout(this.#seenTimer);
    this.#seenTimer = 0;
    const received = this.conversation.lastSeq;
    const { read } = this;
    if (received <= this.#seen.received && read <= this.#seen.read) return;
    if (this.#tell({ type: "seen", received, read })) this.#seen = { received, read };
  }

  #tell(frame) {
    return this.socket.send(this.address ? { ...frame, chat: this.address } : frame);
  }

  #acknowledged({ client_id, seq }) {
    this.outbox.remove(client_id);
    if (this.conversation.messageAt(seq)) this.conversation.removePending(client_id);
  }

  #refused({ code, text, client_id, retry_after_s: wait }) {
    // What could not even be read has no id: it is the message on its way, since no other frame holds what people wrote.
    const entry = client_id ? this.outbox.get(client_id) : code === "bad_frame" && this.outbox.onItsWay(this.chat);
    if (!entry) return;
    if (this.outbox.triesAgain(code, this.chat, wait)) {
      if (wait) this.onWait(text);
      return;
    }
    this.outbox.remove(entry.client_id);
    this.conversation.fail(entry.client_id, text, () => {
      if (this.composer) this.giveBack(entry);
      this.composer?.focus();
    });
  }

  /** Says why something has not come; "" once it has. Nothing else that is said is taken away. */
  #tellReader(detail) {
    if (!detail && !this.#hasFailed) return;
    this.#hasFailed = Boolean(detail);
    this.root.dispatchEvent(new CustomEvent("chat-notice", { bubbles: true, detail }));
  }

  async #loadEarlier(button) {
    button.disabled = true;
    const first = this.conversation.messages[0]?.dataset.seq;
    const response = await this.fetchEarlier(button.dataset.url, first).catch(() => null);
    button.disabled = false;
    const html = response?.ok ? await response.text().catch(() => null) : null;
    this.#tellReader(html === null ? await failureOf(response, this.conversation.texts) : "");
    if (html === null) return;
    const added = this.conversation.addPart(html);
    button.parentElement.hidden = !added.length || this.conversation.messages[0].dataset.seq === "1";
  }
}
