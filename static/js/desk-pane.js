// The chat on display in the desk's dialog: opened, shown, replaced, left, and masked in.

import { ChatView } from "./chat-view.js";
import { takeNewToken } from "./csrf.js";
import { DeskComposer } from "./desk-composer.js";
import { MessageActions } from "./message-actions.js";
import { chooseByKeys } from "./mask-by-keys.js";
import { maskSpans, rememberSelection, selectedSpans } from "./mask-selection.js";
import { localiseTimes } from "./times.js";

export class DeskPane {
  #desk;
  #parts;
  #notes = new Map(); // what the agent is writing on customers, by the form's address
  #selection = null;
  #view = null;
  #asked = 0; // counts what was to be shown: an answer to an older question, which comes late, is not shown any more

  /** `parts`: the `socket`, `outbox`, `texts`, `requests` and `notices` of the desk; `shown()` and `left(chat)`. */
  constructor(desk, parts) {
    this.#desk = desk;
    this.#parts = parts;
  }

  /** The id of the chat on display, if there is one. */
  get chat() {
    return this.#view?.chat;
  }

  /** The address that shows it again. */
  get url() {
    return this.#view?.root.dataset.url || "";
  }

  get isMine() {
    return this.#view?.root.dataset.mine === "true";
  }

  /** Opens the chat of an entry of Active Chats. For an admin, one of somebody else is only looked at. */
  async open(entry) {
    const { look, url } = entry.dataset;
    const { requests } = this.#parts;
    entry.setAttribute("aria-busy", "true");
    await this.#showNext(look ? requests.get(look) : requests.post(url));
    entry.removeAttribute("aria-busy");
  }

  /** Takes a waiting chat out of the queue; if a colleague has it by now, the agent is told so. */
  async take(button) {
    button.disabled = true;
    await this.#showNext(this.#parts.requests.post(button.dataset.url));
    button.disabled = false;
  }

  /** Shows the chat of a notice, which has done its work then. */
  async look(button) {
    button.disabled = true;
    const isShown = await this.#showNext(this.#parts.requests.get(button.dataset.url));
    button.disabled = false;
    if (isShown) this.#parts.requests.post(button.dataset.seenUrl);
  }

  async dismissNotice(button) {
    button.disabled = true;
    if ((await this.#parts.requests.post(button.dataset.url)) === null) button.disabled = false;
  }

  async showAt(url) {
    await this.#showNext(this.#parts.requests.get(url));
  }

  async reload() {
    const { url } = this;
    const html = await this.#parts.requests.get(url);
    if (html !== null && url === this.url) this.#display(html);
  }

  /** Shows a chat that was on display before the page was loaded, unless another has been opened meanwhile. */
  async restore(url) {
    const html = await this.#parts.requests.get(url);
    if (html !== null && !this.#view) this.#display(html);
  }

  /** Returns how to learn whether this chat is still on display, and no other one has been asked for since. */
  whileShown() {
    const { chat } = this;
    const number = this.#asked;
    return () => chat === this.chat && number === this.#asked;
  }

  /** Shows the server's `html`: a chat, or that there is none. */
  show(html, options) {
    this.#asked += 1;
    this.#display(html, options);
  }

  /** Shows the chat of an answer, unless another one has been asked for meanwhile. Returns whether it is shown. */
  async #showNext(answer) {
    const number = (this.#asked += 1);
    const html = await answer;
    const isShown = html !== null && number === this.#asked;
    if (isShown) this.#display(html, { focus: true });
    return isShown;
  }

  #display(html, { focus = false } = {}) {
    this.#leave();
    const root = this.#replace(html);
    if (!root.dataset.chat) return;
    const { socket, outbox, texts, shown } = this.#parts;
    this.#view = new ChatView(root, { socket, outbox, texts, address: Number(root.dataset.chat) });
    this.#view.proof = () => ({ "X-CSRFToken": texts.csrf });
    this.#view.renewed = (request) => takeNewToken((name) => request.getResponseHeader(name));
    if (this.#view.composer) this.#addActions(root);
    this.#selection = rememberSelection(this.#view.conversation.scroll);
    for (const part of root.querySelectorAll("canned-responses, chat-draft, conversation-search")) part.begin(this.#view);
    if (socket.isOpen) this.watch();
    shown();
    if (focus) (this.#view.composer || this.#view.conversation.scroll).focus();
  }

  #addActions(root) {
    const composer = new DeskComposer(this.#view);
    const parts = root.querySelector("template[data-part=message-actions]");
    const actions = new MessageActions(this.#view, { parts, composer, requests: this.#parts.requests });
    composer.save = (message, text) => actions.save(message, text);
  }

  /** Asks for what came since, and sends again what was not acknowledged. */
  watch() {
    if (!this.#view) return;
    this.#parts.socket.send({ type: "watch", chat: this.chat, rev: this.#view.conversation.rev });
    this.#view.resend();
  }

  receive(frame) {
    this.#view?.receive(frame);
    if (frame.type === "page") this.#showPage(frame);
    if (frame.type === "message" && frame.html.includes('data-kind="evaluation"')) this.#showCustomerAnew();
  }

  /** The dialog has been opened: where the agent writes gets the focus. Returns false if there is nowhere to write. */
  focusComposer() {
    const textarea = this.#view?.composer?.textarea;
    textarea?.focus({ preventScroll: true });
    return Boolean(textarea);
  }

  toggleSearch() {
    this.#view?.root.querySelector("conversation-search").toggle();
  }

  /** The conversation has come into view. */
  noteShown() {
    this.#view?.noteShown();
  }

  /** Asks the customer for an evaluation: once for a chat, so its button goes. */
  async askEvaluation(button) {
    button.disabled = true;
    const answer = await this.#parts.requests.post(button.dataset.url);
    button.disabled = false;
    if (answer === null) return;
    button.remove();
    this.focusComposer();
  }

  /** Masks what is selected. If nothing is and the button was pressed by keys, they choose words. */
  maskSelected({ byKeys } = {}) {
    const spans = this.#selection.take();
    if (spans.length || !byKeys || !this.#chooseByKeys()) return this.#mask(spans);
  }

  #chooseByKeys() {
    const { notices, texts } = this.#parts;
    return chooseByKeys(this.#view.conversation.scroll, {
      say: (words) => notices.say(texts.maskByKeys.replace("{}", () => words)),
      mask: () => this.#mask(this.#selection.take()),
      done: () => {
        this.#selection.take(); // or it would be masked the next time
        this.focusComposer();
      },
    });
  }

  maskRange(range) {
    return this.#mask(selectedSpans(this.#view.conversation.scroll, range));
  }

  async #mask(spans) {
    const { notices, texts } = this.#parts;
    notices.say(await maskSpans(this.#view.root.dataset.maskUrl, spans, texts));
  }

  #replace(html) {
    this.#main.outerHTML = html;
    const root = this.#main;
    this.#showCustomer(root);
    localiseTimes(this.#desk);
    return root;
  }

  #showCustomer(root) {
    const customer = root.querySelector("template[data-part=customer]");
    const slot = this.#desk.querySelector("[data-part=customer-slot]");
    const written = slot.querySelector("[data-part=notes] textarea");
    if (written) this.#notes.set(written.form.action, written.value);
    slot.replaceChildren(customer?.content.cloneNode(true) || "");
    window.htmx?.process(slot);
    const box = slot.querySelector("[data-part=notes] textarea");
    const kept = box && this.#notes.get(box.form.action);
    if (!kept) return;
    box.value = kept;
    box.closest("details").open = true;
  }

  /** The customer is on another page. */
  #showPage({ page, at }) {
    const now = this.#desk.querySelector("[data-part=page-now]");
    if (!now) return;
    const [address, since] = now.children;
    const known = since.querySelector("time");
    if (known && new Date(known.dateTime) > new Date(at)) return; // what was read first may come last
    address.textContent = address.title = page;
    const time = Object.assign(document.createElement("time"), { dateTime: at });
    time.dataset.format = "datetime";
    since.replaceChildren(time);
    now.hidden = now.previousElementSibling.hidden = false;
    localiseTimes(now);
  }

  /** The evaluation, which has come, stands among the customer's details too. */
  async #showCustomerAnew() {
    const { url } = this;
    const html = await this.#parts.requests.get(url);
    if (html === null || url !== this.url) return;
    const template = Object.assign(document.createElement("template"), { innerHTML: html });
    this.#showCustomer(template.content);
    localiseTimes(this.#desk);
  }

  get #main() {
    return this.#desk.querySelector(".chat-dialog-body > .chat-dialog-main");
  }

  #leave() {
    if (!this.#view) return;
    const { chat } = this.#view;
    this.#view.leave();
    this.#selection.forget();
    this.#view = null;
    this.#parts.left(chat);
  }
}
