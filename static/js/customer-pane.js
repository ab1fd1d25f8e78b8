// The customer's chat on display: its conversation, its socket, and above the composer how the chat stands.

import { forgetDraft } from "./chat-drafts.js";
import { ChatView } from "./chat-view.js";
import { CustomerEvaluation } from "./customer-evaluation.js";
import { Socket, tellPage } from "./socket.js";
import { localiseTimes } from "./times.js";
import { Unread } from "./unread.js";

export class CustomerPane {
  #root;
  #parts;
  #socket;
  #view;
  #evaluation;
  #unread = new Unread();
  #hasSaid = false; // how the wait stands

  /**
   * `parts`: the `session`, `outbox` and `texts` of the customer, the `path` of the socket; and what is called:
   * `notice(text)`, `stateChanged(state)`, `unreadChanged()`, `refused(token)`.
   */
  constructor(root, parts) {
    const { outbox, texts, session } = parts;
    this.#root = root;
    this.#parts = parts;
    this.#socket = new Socket(parts.path);
    this.#view = new ChatView(root, { socket: this.#socket, outbox, texts, address: 0 });
    this.#view.hasFocus = parts.hasFocus;
    this.#view.proof = () => ({ "X-Chat-Token": session.token });
    this.#view.onWait = (text) => parts.notice(text);
    this.#view.fetchEarlier = (url, before) => session.post(url, { before });
    this.#evaluation = new CustomerEvaluation(root, parts, () => this.#focusNext());
    this.#connect(session.token);
  }

  /** The text that the customer has not sent, or that has not arrived. */
  get unsent() {
    const waiting = this.#parts.outbox.of(this.#view.chat).map((entry) => entry.body);
    return [...waiting, this.#view.composer.text].join("\n").trim();
  }

  /** How many messages the customer has not seen; undefined until that is known. */
  get unread() {
    this.#unread.noteRead(this.#view.read);
    return this.#unread.count;
  }

  focus() {
    this.#view.composer.focus();
  }

  noteShown() {
    this.#view.noteShown();
  }

  noteSeen() {
    this.#view.noteSeen();
  }

  /** Tells the agent which page the chat is on: only where the policy says so. */
  notePage() {
    if (this.#socket.follows) tellPage(this.#socket, this.#parts.page());
  }

  leave() {
    this.#view.leave();
    this.close();
  }

  /** Ends the connection. What is on display stays. */
  close() {
    this.#socket.close();
  }

  /** `token` is this chat's: another tab may have begun a new chat by the time the connection is back. */
  #connect(token) {
    const { notice, texts, refused } = this.#parts;
    const socket = this.#socket;
    this.#parts.outbox.transmit = ({ client_id, body }) => socket.send({ type: "send", client_id, body });
    socket.addEventListener("open", () => {
      socket.send({ type: "hello", token, rev: this.#view.conversation.rev });
      notice("");
      this.#view.resend();
    });
    socket.addEventListener("lost", () => notice(texts.offline));
    socket.addEventListener("refused", () => refused(token));
    socket.addEventListener("frame", (event) => this.#receive(event.detail));
    socket.open();
  }

  #receive(frame) {
    const { unreadChanged, notice } = this.#parts;
    if (frame.type === "message" && frame.author === "customer") notice("");
    if (frame.type === "message" && frame.author === "system") this.#evaluation.note(frame.html);
    if (frame.type === "status") this.#showStatus(frame);
    else if (frame.type === "place") this.#showPlace(frame);
    else this.#view.receive(frame);
    this.#unread.take(frame);
    if (frame.type === "unread") {
      this.#socket.follows = frame.follows;
      this.notePage();
    }
    if (["message", "marks", "unread"].includes(frame.type)) unreadChanged();
    if (frame.type === "error" && !frame.client_id) notice(frame.text);
  }

  #showStatus({ state, html }) {
    const closed = state === "closed";
    this.#root.dataset.state = state;
    this.#replaceStatus(html);
    this.#root.querySelector("[data-part=composer]").hidden = closed;
    if (closed) forgetDraft(this.#parts.outbox, this.#view.chat);
    if (closed) this.#evaluation.ended(this.#root.querySelector(".customer-chat-end")?.dataset.evaluation);
    this.#parts.stateChanged(state);
    this.#view.conversation.toBottom();
  }

  /** The status may change while a finger is on its button: the same button keeps the focus. */
  #replaceStatus(html) {
    const status = this.#root.querySelector("[data-part=status]");
    const focused = status.contains(document.activeElement) && document.activeElement.dataset.action;
    const email = status.querySelector("[data-part=inquiry-email]:not([hidden])");
    this.#replaceAround(status, html);
    localiseTimes(status);
    // An address that is being typed stays as it is, with the cursor in it.
    if (email) status.querySelector("[data-part=inquiry-email]")?.replaceWith(email);
    if (focused === "email") email.querySelector("input").focus();
    else if (focused) (status.querySelector(`[data-action=${focused}]`) || this.#view.composer).focus();
  }

  get #wait() {
    return this.#root.querySelector(".customer-chat-queue");
  }

  /** Readers say what changes in a region that stays: so the words of the wait change in place, the rest is new. */
  #replaceAround(status, html) {
    const next = document.createElement("template");
    next.innerHTML = html;
    const kept = this.#wait;
    const words = next.content.querySelector(".customer-chat-queue");
    if (!kept || !words) return status.replaceChildren(next.content);
    if (!this.#hasSaid || kept.textContent !== words.textContent) kept.replaceChildren(...words.childNodes);
    this.#hasSaid = true;
    while (kept.nextSibling) kept.nextSibling.remove();
    while (words.nextSibling) kept.parentElement.append(words.nextSibling);
  }

  #focusNext() {
    if (this.#root.dataset.state === "closed") this.#root.querySelector("[data-action=restart]")?.focus();
    else this.focus();
  }

  #showPlace({ place, wait }) {
    const shown = this.#root.querySelector(".customer-chat-queue strong");
    if (shown) shown.textContent = place;
    const expected = this.#root.querySelector("[data-part=wait]");
    if (expected) expected.textContent = wait || "";
  }
}
