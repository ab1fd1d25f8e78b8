// What an agent can do with a message: reply to it, and edit or delete an own one for a few minutes. Each message has a
// button; Tab reaches the last one, and arrows the others.

import { asked } from "./ask-dialog.js";
import { maskedText } from "./quotes.js";

const GAP_PX = 4;
const MESSAGES = ".message[data-seq]:not(.event):not([data-author=system])";

export class MessageActions {
  #view;
  #composer;
  #requests;
  #parts;
  #menu;
  #button = null; // whose menu is open
  #clockAheadMs; // the page's clock, against the server's

  /** `parts` is the template with the button, the menu, and what they say; `composer` the desk's. */
  constructor(view, { parts, composer, requests }) {
    this.#view = view;
    this.#composer = composer;
    this.#requests = requests;
    this.#parts = parts;
    this.#clockAheadMs = Date.now() - Date.parse(parts.dataset.now);
    this.#menu = parts.content.querySelector(".menu").cloneNode(true);
    view.root.append(this.#menu);
    this.#menu.addEventListener("click", (event) => this.#chosen(event.target.closest("[data-message-action]")));
    this.#menu.addEventListener("toggle", (event) => event.newState === "closed" && this.#closed());
    this.#menu.addEventListener("keydown", (event) => this.#pressed(event));
    const { list } = view.conversation;
    list.dataset.actions = "";
    list.addEventListener("click", (event) => this.#open(event.target.closest(".message-more")));
    list.addEventListener("keydown", (event) => this.#move(event));
    new MutationObserver(() => this.#addButtons()).observe(list, { childList: true });
    this.#addButtons();
  }

  /** Saves an edit. Returns whether that is done; if not, the agent has been told why. */
  async save(message, text) {
    return (await this.#requests.post(this.#url("edit", message), { rev: message.dataset.rev, body: text })) !== null;
  }

  get #buttons() {
    return [...this.#view.conversation.list.querySelectorAll(".message-more")];
  }

  #addButtons() {
    for (const message of this.#view.conversation.list.querySelectorAll(`${MESSAGES}:not(:has(> .message-more))`)) {
      const button = this.#parts.content.querySelector(".message-more").cloneNode(true);
      button.ariaLive = "off"; // it is no part of what is said
      message.append(button);
    }
    for (const button of this.#buttons) button.tabIndex = -1;
    const last = this.#buttons.at(-1);
    if (last) last.tabIndex = 0;
  }

  #open(button) {
    if (!button) return;
    const message = button.closest(".message");
    const isOwn = this.#isChangeable(message);
    this.#item("edit").hidden = !isOwn || message.querySelector("chat-file, .file-gone") !== null;
    this.#item("delete").hidden = !isOwn;
    this.#button = button;
    button.setAttribute("aria-expanded", "true");
    this.#menu.showPopover();
    this.#place(button);
    this.#item("reply").focus();
  }

  /** The server decides; this is what it will say, so that no button is in vain. */
  #isChangeable(message) {
    const { me, minutes, mine } = this.#parts.dataset;
    if (message.dataset.author !== "agent" || message.querySelector(".message-author").textContent !== me) return false;
    const ageMs = Date.now() - this.#clockAheadMs - Date.parse(message.querySelector("time").dateTime);
    return ageMs < minutes * 60_000 && (mine === "true" || message.matches(".message-note"));
  }

  #place(button) {
    const at = button.getBoundingClientRect();
    const { offsetWidth: width, offsetHeight: height } = this.#menu;
    const isRoomBelow = at.bottom + GAP_PX + height < innerHeight;
    this.#menu.style.left = `${Math.max(GAP_PX, Math.min(at.left, document.documentElement.clientWidth - width - GAP_PX))}px`;
    this.#menu.style.top = `${isRoomBelow ? at.bottom + GAP_PX : at.top - height - GAP_PX}px`;
  }

  #closed() {
    this.#button?.setAttribute("aria-expanded", "false");
  }

  #chosen(item) {
    if (!item) return;
    const button = this.#button;
    const message = button.closest(".message");
    this.#menu.hidePopover();
    button.focus();
    if (item.dataset.messageAction === "reply") this.#composer.quote(message);
    else if (item.dataset.messageAction === "edit") this.#composer.edit(message, maskedText(message));
    else this.#delete(message);
  }

  async #delete(message) {
    const { deleteTitle: title, deleteText: text, deleteAct: act, cancel } = this.#parts.dataset;
    if (await asked({ title, text, act }, cancel)) await this.#requests.post(this.#url("delete", message));
  }

  #url(act, message) {
    return this.#parts.dataset[`${act}Url`].replace("/0/", `/${message.dataset.seq}/`);
  }

  #item(action) {
    return this.#menu.querySelector(`[data-message-action=${action}]`);
  }

  /** In the menu: arrows go through it, and Escape closes it alone. */
  #pressed(event) {
    const items = [...this.#menu.querySelectorAll("button:not([hidden])")];
    const at = items.indexOf(document.activeElement);
    if (event.key === "ArrowDown") items[(at + 1) % items.length].focus();
    else if (event.key === "ArrowUp") items.at(at - 1).focus();
    else if (event.key === "Escape") this.#menu.hidePopover();
    else return;
    if (event.key === "Escape") this.#button.focus();
    event.preventDefault();
    event.stopPropagation();
  }

  /** From a message's button to that of the one before or after it. */
  #move(event) {
    const step = { ArrowUp: -1, ArrowDown: 1 }[event.key];
    if (!step || !event.target.matches(".message-more")) return;
    event.preventDefault();
    const buttons = this.#buttons;
    buttons[buttons.indexOf(event.target) + step]?.focus();
  }
}
