// One chat on display: its conversation, its composer, what is unsent, what was seen. Customers and agents alike.

import { Composer } from "./composer.js";
import { Conversation } from "./conversation.js";

const SEEN_DELAY_MS = 300; // several messages at once are one frame
const TYPING_EVERY_MS = 2500; // the server takes one in 2 s
const TYPING_SHOWN_MS = 5000;
const RETRY_MS = 2000;
const TRY_AGAIN = new Set(["too_many", "unavailable"]);

const draftsOf = (outbox) => `contiple-draft-chat:${outbox.name}:`;

/** What was typed for a chat and can't be sent any more stays on display at most. */
export function forgetDraft(outbox, chat) {
  sessionStorage.removeItem(`${draftsOf(outbox)}${chat}`);
}

/** Of what somebody typed in this tab and has not sent, what is for this chat stays (0: for none). */
export function keepOnly(outbox, chat) {
  outbox.keepOnly(chat);
  const drafts = Object.keys(sessionStorage).filter((key) => key.startsWith(draftsOf(outbox)));
  for (const key of drafts) if (key !== `${draftsOf(outbox)}${chat}`) sessionStorage.removeItem(key);
}

export class ChatView {
  #seen = { received: 0, read: 0 };
  #seenTimer = 0;
  #typingTimer = 0;
  #typedAt = 0;

  /** `address` is what frames carry as `chat`: its id for agents, 0 for a customer, who has but one. */
  constructor(root, { socket, outbox, texts, address }) {
    this.root = root;
    this.socket = socket;
    this.outbox = outbox;
    this.address = address;
    this.chat = Number(root.dataset.chat);
    this.conversation = new Conversation(root, { chat: this.chat, rev: Number(root.dataset.rev), texts });
    const [received, read] = (root.dataset.marks || "0 0").split(" ").map(Number);
    this.conversation.setMarks(received, read);
    const form = root.querySelector("[data-part=composer]");
    this.composer = form && new Composer(form, { key: `${draftsOf(outbox)}${this.chat}`, send: (text) => this.#send(text), typing: () => this.#typing() });
    if (root.dataset.state === "closed") forgetDraft(outbox, this.chat);
    for (const entry of outbox.of(this.chat)) if (!this.conversation.hasPending(entry.client_id)) this.conversation.addPending(entry);
    root.querySelector("[data-action=earlier]")?.addEventListener("click", (event) => this.#loadEarlier(event.currentTarget));
    this.conversation.scroll.addEventListener("scroll", () => this.noteSeen(), { passive: true });
    this.onVisible = () => this.noteSeen();
    document.addEventListener("visibilitychange", this.onVisible);
    window.addEventListener("focus", this.onVisible);
    this.noteSeen();
  }

  leave() {
    // What was seen until now is told, and not forgotten with the timer.
    if (this.#seenTimer) this.#tellSeen();
    clearTimeout(this.#typingTimer);
    document.removeEventListener("visibilitychange", this.onVisible);
    window.removeEventListener("focus", this.onVisible);
  }

  /** After a (re)connect: what is not acknowledged is sent again. */
  resend() {
    for (const entry of this.outbox.of(this.chat)) this.#transmit(entry);
    this.#seen = { received: 0, read: 0 };
    this.noteSeen();
  }

  /** Takes a frame of this chat; returns true for a message that is new. */
  receive(frame) {
    switch (frame.type) {
      case "message": {
        if (frame.client_id) this.outbox.remove(frame.client_id);
        const isNew = this.conversation.apply(frame);
        if (frame.author === this.conversation.reader && frame.html.includes("<masked-text")) this.composer?.forgetUndo();
        if (isNew && frame.author !== this.conversation.reader) this.#hideTyping();
        this.noteSeen();
        return isNew;
      }
      case "ack":
        this.#acknowledged(frame);
        break;
      case "marks":
        if (this.conversation.reader === "agent") this.conversation.setMarks(frame.customer_received, frame.customer_read);
        else this.conversation.setMarks(frame.agent_received, frame.agent_read);
        break;
      case "typing":
        if (frame.author !== this.conversation.reader) this.#showTyping();
        break;
      case "error":
        this.#refused(frame);
        break;
    }
    return false;
  }

  noteSeen() {
    this.#seenTimer ||= setTimeout(() => this.#tellSeen(), SEEN_DELAY_MS);
  }

  #tellSeen() {
    this.#seenTimer = clearTimeout(this.#seenTimer);
    const received = this.conversation.lastSeq;
    const read = this.conversation.isInView && document.hasFocus() ? received : this.#seen.read;
    if (received <= this.#seen.received && read <= this.#seen.read) return;
    const frame = { type: "seen", received, read };
    if (this.address) frame.chat = this.address;
    if (this.socket?.send(frame)) this.#seen = { received, read };
  }

  #send(text) {
    const entry = this.outbox.add(this.chat, text);
    this.conversation.addPending(entry);
    this.#transmit(entry);
    this.#typedAt = 0;
  }

  #transmit({ client_id, body }) {
    const frame = { type: "send", client_id, body };
    if (this.address) frame.chat = this.address;
    this.socket.send(frame);
  }

  #acknowledged({ client_id, seq }) {
    this.outbox.remove(client_id);
    if (document.getElementById(`m-${this.chat}-${seq}`)) this.conversation.removePending(client_id);
  }

  #refused({ code, text, client_id }) {
    const entry = client_id && this.outbox.get(client_id);
    if (!entry) return;
    if (TRY_AGAIN.has(code)) {
      setTimeout(() => this.outbox.get(client_id) && this.#transmit(entry), RETRY_MS);
      return;
    }
    this.outbox.remove(client_id);
    this.conversation.fail(client_id, text, () => {
      if (this.composer) this.composer.text = [entry.body, this.composer.text].filter(Boolean).join("\n");
      this.composer?.focus();
    });
  }

  #typing() {
    if (Date.now() - this.#typedAt < TYPING_EVERY_MS) return;
    this.#typedAt = Date.now();
    const frame = { type: "typing" };
    if (this.address) frame.chat = this.address;
    this.socket.send(frame);
  }

  #showTyping() {
    const line = this.root.querySelector("[data-part=typing]");
    if (!line) return;
    if (!line.textContent) {
      const dots = Object.assign(document.createElement("span"), { className: "typing-dots", ariaHidden: "true" });
      dots.append(...[0, 1, 2].map(() => document.createElement("i")));
      line.replaceChildren(dots, line.dataset.text);
    }
    clearTimeout(this.#typingTimer);
    this.#typingTimer = setTimeout(() => this.#hideTyping(), TYPING_SHOWN_MS);
  }

  #hideTyping() {
    this.root.querySelector("[data-part=typing]")?.replaceChildren();
  }

  async #loadEarlier(button) {
    button.disabled = true;
    const first = this.conversation.messages[0]?.dataset.seq;
    const response = await this.fetchEarlier(button.dataset.url, first).catch(() => null);
    button.disabled = false;
    if (!response?.ok) return;
    const added = this.conversation.prepend(await response.text());
    button.parentElement.hidden = !added || this.conversation.messages[0].dataset.seq === "1";
  }

  /** Customers replace this: they show their token. */
  fetchEarlier(url, before) {
    return fetch(`${url}?before=${before}`);
  }
}
