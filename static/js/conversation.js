// The list of messages of one chat. A message has a place (`seq`) and a state (`rev`). The list ends the same in
// whatever order, and however often, its frames arrive.

import { separateDays } from "./day-separators.js";
import { localiseTimes } from "./times.js";

const NEAR_BOTTOM_PX = 80;

export class Conversation {
  #earlierChanges = new Map(); // id → newest state of a message that is not loaded

  /** `root` holds the `.conversation-scroll`; `texts` is the dataset of the page's texts. */
  constructor(root, { chat, rev, texts }) {
    this.gaps = new Set(); // places of messages before which some are not loaded
    this.chat = chat;
    this.rev = rev;
    this.texts = texts;
    this.scroll = root.querySelector(".conversation-scroll");
    this.list = root.querySelector(".conversation");
    this.reader = this.list.dataset.reader;
    this.receipts = { received: 0, read: 0 };
    localiseTimes(this.list);
    this.#arrange();
    this.toBottom();
    this.#stayAtBottom();
  }

  get messages() {
    return [...this.list.querySelectorAll(".message[data-seq]")];
  }

  get lastSeq() {
    return seqOf(this.messages.at(-1));
  }

  /** The message at this place, if it is loaded. Another list of the page may show the same chat. */
  messageAt(seq) {
    return this.#own(`m-${this.chat}-${seq}`);
  }

  /** Puts a message at its place. Returns true if it is new. */
  apply(frame) {
    const pinned = this.#isAtBottom();
    const item = parse(frame.html);
    const old = this.#own(item.id);
    this.rev = Math.max(this.rev, frame.rev);
    if (frame.client_id) this.removePending(frame.client_id);
    if (!old && this.#isUnloaded(frame.seq)) return this.#noteEarlier(item);
    if (old && Number(old.dataset.rev) > frame.rev) return false;
    localiseTimes(item);
    if (old) this.#replace(old, item);
    else this.#insert(item, frame.seq);
    this.#arrange();
    this.#showReceipts();
    if (pinned) this.toBottom();
    return !old;
  }

  addPending({ client_id, body, type }) {
    const item = document.createElement("li");
    item.className = type ? `message message-${type}` : "message";
    item.dataset.author = this.reader;
    item.dataset.state = "pending";
    item.dataset.client = client_id;
    item.ariaLive = "off"; // said once, when it has arrived
    const text = Object.assign(document.createElement("div"), { className: "message-body", dir: "auto", textContent: body });
    const note = Object.assign(document.createElement("div"), { className: "message-receipts", textContent: this.texts.sending });
    item.append(text, note);
    this.list.append(item);
    this.toBottom();
  }

  removePending(clientId) {
    const item = this.#pending(clientId);
    if (item?.contains(document.activeElement)) this.scroll.focus({ preventScroll: true });
    item?.remove();
  }

  hasPending(clientId) {
    return Boolean(this.#pending(clientId));
  }

  /** Shows the sender why a message was not sent, and a button that gives the text back. */
  fail(clientId, reason, giveBack) {
    const item = this.#pending(clientId);
    if (!item) return;
    item.dataset.state = "failed";
    item.ariaLive = null;
    const button = Object.assign(document.createElement("button"), { type: "button", className: "button button-small", textContent: this.texts.retry });
    button.addEventListener("click", () => {
      item.remove();
      giveBack();
    });
    item.querySelector(".message-receipts").replaceChildren(`${this.texts.failed}: ${reason} `, button);
    this.toBottom();
  }

  /** Shows how far the other side has received and read. */
  setReceipts(received, read) {
    this.receipts = { received, read };
    this.#showReceipts();
  }

  /** Adds messages at their places, without moving what is on display. Returns those that were not there. */
  addPart(html) {
    const fresh = [...fragmentOf(html).children].filter((item) => !this.#own(item.id));
    const { top } = this.scroll.getBoundingClientRect();
    const anchor = this.messages.find((message) => message.getBoundingClientRect().bottom > top);
    const before = anchor?.getBoundingClientRect().top;
    for (const item of fresh) this.#insertLoaded(item);
    this.#arrange();
    if (anchor) this.scroll.scrollTop += anchor.getBoundingClientRect().top - before;
    return fresh;
  }

  /** An article that is read lies over the conversation. */
  get isInView() {
    if (document.hidden || document.querySelector(".suggested-dialog[open]")) return false;
    return this.scroll.offsetParent !== null && this.#isAtBottom();
  }

  toBottom() {
    this.scroll.scrollTop = this.scroll.scrollHeight;
  }

  /** Keeps the last message in view when it grows, or something below: a long draft, a hint, a keyboard. */
  #stayAtBottom() {
    let stays = true;
    this.scroll.addEventListener("scroll", () => (stays = this.#isAtBottom()), { passive: true });
    const observer = new ResizeObserver(() => stays && this.toBottom());
    for (const element of [this.scroll, this.list]) observer.observe(element);
  }

  #arrange() {
    separateDays(this.list, this.texts);
    this.list.dispatchEvent(new Event("arranged", { bubbles: true })); // `quotes.js`, once it is loaded, fills them in
  }

  #isAtBottom() {
    return this.scroll.scrollHeight - this.scroll.scrollTop - this.scroll.clientHeight < NEAR_BOTTOM_PX;
  }

  #pending(clientId) {
    return this.list.querySelector(`.message[data-client="${CSS.escape(clientId)}"]`);
  }

  /** Returns whether a message is of a page that is not loaded yet: shown now, it would stand without those between. */
  #isUnloaded(seq) {
    const next = this.messages.find((message) => seqOf(message) > seq);
    if (!next) return false;
    const hasEarlier = this.scroll.querySelector(".conversation-earlier")?.hidden === false;
    return this.gaps.has(seqOf(next)) || (hasEarlier && next === this.messages[0]);
  }

  /** A newer state that came meanwhile is used. Only what is new is said. */
  #insertLoaded(item) {
    const changed = this.#earlierChanges.get(item.id);
    const shown = changed?.dataset.rev > Number(item.dataset.rev) ? changed : item;
    shown.ariaLive = "off";
    localiseTimes(shown);
    this.#insert(shown, seqOf(shown));
  }

  #own(id) {
    return this.list.querySelector(`#${CSS.escape(id)}`);
  }

  #noteEarlier(item) {
    const noted = this.#earlierChanges.get(item.id);
    if (!(noted?.dataset.rev > Number(item.dataset.rev))) this.#earlierChanges.set(item.id, item);
    return false;
  }

  /** What had the focus in the message may be gone with it. */
  #replace(old, item) {
    const hadFocus = old.contains(document.activeElement);
    item.ariaLive = "off"; // it has been said
    old.replaceWith(item);
    if (hadFocus) this.scroll.focus({ preventScroll: true });
  }

  /** What has failed before a message stays above it: it would hold what is new out of view. */
  #insert(item, seq) {
    let after = this.messages.findLast((message) => seqOf(message) < seq);
    while (after?.nextElementSibling?.dataset.state === "failed") after = after.nextElementSibling;
    if (after) after.after(item);
    else this.list.prepend(item);
  }

  /** Says under the reader's last message whether the other side has received or read it. */
  #showReceipts() {
    for (const note of this.list.querySelectorAll(".message[data-seq] > .message-receipts")) note.remove();
    const last = this.messages.findLast((message) => message.dataset.author === this.reader);
    const seq = Number(last?.dataset.seq || Infinity);
    const { received, read } = this.receipts;
    const text = seq <= read ? this.texts.read : seq <= received ? this.texts.delivered : "";
    const note = { className: "message-receipts", ariaLive: "off", textContent: text };
    if (text) last.append(Object.assign(document.createElement("div"), note));
  }
}

function parse(html) {
  return fragmentOf(html).firstElementChild;
}

function fragmentOf(html) {
  const template = document.createElement("template");
  template.innerHTML = html;
  return template.content;
}

function seqOf(message) {
  return Number(message?.dataset.seq || 0);
}
