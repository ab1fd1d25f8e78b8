// Active Chats: the agent's chats with their last lines and unread counts, and the sum of it on the Chat Widget's button.

import { localiseTimes } from "./times.js";

export class DeskList {
  #list;
  #total;
  #counts = null; // none before the desk's first frame

  /** `list` is where the server's list is shown, `total` the count on the button. */
  constructor(list, total) {
    this.#list = list;
    this.#total = total;
  }

  /** Shows the list of a `desk` frame; `current` is the chat on display. */
  show({ html, ringing, waiting, unread }, current) {
    const focused = this.#list.contains(document.activeElement) ? document.activeElement.dataset.chat : null;
    this.#list.innerHTML = html;
    localiseTimes(this.#list);
    this.showCurrent(current);
    if (focused) this.#list.querySelector(`[data-chat="${focused}"]`)?.focus();
    this.#counts = { ringing, waiting, unread };
    this.#showTotal();
  }

  showCurrent(current) {
    for (const entry of this.#list.querySelectorAll(".chat-entry")) {
      entry.setAttribute("aria-current", String(Number(entry.dataset.chat) === current));
    }
  }

  /** Shows the new last line of one of the agent's chats. Chats of others say whom they are with, not what was said. */
  showLine({ chat, text, unread }) {
    const entry = this.#list.querySelector(`.chat-entry[data-chat="${chat}"][data-state]`);
    if (!entry) return;
    entry.querySelector(".chat-entry-line").textContent = text;
    this.#showUnread(entry, unread);
    const time = entry.querySelector("time[data-format=time]");
    if (!time) return;
    time.dateTime = new Date().toISOString();
    localiseTimes(entry);
  }

  /** Shows how many customers wait, which is all that has changed. */
  showWaiting({ waiting, html }) {
    const note = this.#list.querySelector("[data-part=waiting]");
    if (!note) return; // the list itself has not come yet
    note.innerHTML = html;
    this.#counts.waiting = waiting;
    this.#showTotal();
  }

  scrollIntoView() {
    this.#list.querySelector(".chat-list")?.scrollIntoView({ block: "nearest" });
  }

  #showUnread(entry, unread) {
    const count = entry.querySelector(".count");
    if (this.#counts && entry.dataset.state === "active") {
      this.#counts.unread += unread - Number(count.textContent || 0);
      this.#showTotal();
    }
    count.textContent = unread || "";
  }

  #showTotal() {
    const { ringing, waiting, unread } = this.#counts;
    this.#total.textContent = ringing + waiting + unread || "";
  }
}
