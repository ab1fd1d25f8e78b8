// Active Chats: the agent's chats with their last lines and unread counts, and since when their customers wait for an
// answer. Nothing moves under a pointer that is about to press.

import { fragment } from "./fragment.js";
import { keepPlaces } from "./kept-places.js";
import { noteSaid, showLevels, waitsIn } from "./desk-waits.js";
import { localiseTimes, takeServerNow } from "./times.js";

export class DeskList {
  #list;
  #changed;
  #counts = null; // none before the desk's first frame
  #isAiming = false; // the pointer moves over the list, and has not pressed yet
  #isPressed = false;
  #late = null; // the list whose entries have not taken their places yet, and the chat on display

  /** `list` is where the server's list is shown; `changed()` is called when what it says has changed. */
  constructor(list, changed) {
    this.#list = list;
    this.#changed = changed;
    list.addEventListener("pointerdown", () => this.#press());
    list.addEventListener("pointermove", () => (this.#isAiming = true));
    list.addEventListener("pointerleave", () => this.#release());
    list.addEventListener("click", () => setTimeout(() => this.#release()));
  }

  /**
   * What asks for the agent: chats that ring, customers in the queue, unread messages, unanswered customers, since when;
   * and how many notices there are of chats that went elsewhere, or of notes that name the agent.
   */
  get attention() {
    const notices = this.latest.querySelectorAll("[data-notice]").length;
    return { ringing: 0, waiting: 0, unread: 0, notices, ...this.#counts, unanswered: waitsIn(this.#list) };
  }

  /** Says how many customers wait; empty if nobody does. */
  get waitingNote() {
    return this.latest.querySelector("[data-part=waiting]").innerHTML;
  }

  /** Seconds in which a customer is to be answered; 0 for any time. */
  get target() {
    return Number(this.#list.firstElementChild?.dataset.target || 0);
  }

  /** How the agent wants to be told, as the server has it. */
  get settings() {
    return this.latest.dataset;
  }

  get ringingChats() {
    return chatsOf(this.latest, "[data-state=ringing]");
  }

  /** The chats that ring, or have something unread. */
  get askingChats() {
    return chatsOf(this.latest, ":is([data-state=ringing], :has(.count:not(:empty)))");
  }

  /** Shows the list of a `desk` frame; `current` is the chat on display. */
  show({ html, ringing, waiting, unread }, current) {
    this.#counts = { ringing, waiting, unread };
    const section = fragment(html).firstElementChild;
    takeServerNow(section);
    localiseTimes(section);
    this.#late = { section, current };
    if (!this.#isPressed) this.#showLate();
    this.tick();
  }

  showCurrent(current) {
    for (const entry of this.#list.querySelectorAll(".chat-entry")) {
      entry.setAttribute("aria-current", String(Number(entry.dataset.chat) === current));
    }
  }

  /** Shows the new last line of one of the agent's chats. Chats of others say whom they are with, not what was said. */
  showLine({ chat, author, text, unread }) {
    for (const entry of this.#everywhere(`.chat-entry[data-chat="${chat}"][data-state]`)) {
      entry.querySelector(".chat-entry-line").textContent = text;
      noteSaid(entry, author === "agent");
      this.#showUnread(entry, unread);
    }
    this.tick();
  }

  /** Shows how many customers wait, which is all that has changed. */
  showWaiting({ waiting, html }) {
    if (!this.#counts) return; // the list itself has not come yet
    for (const note of this.#everywhere("[data-part=waiting]")) note.innerHTML = html;
    this.#counts.waiting = waiting;
    this.tick();
  }

  /** The entry of one of the agent's own chats. */
  entry(chat) {
    return this.#list.querySelector(`.chat-entry[data-chat="${chat}"][data-state]`);
  }

  /** A second has passed, or something is new. */
  tick() {
    showLevels(this.#list, this.target);
    if (this.#counts) this.#changed();
  }

  scrollIntoView() {
    if (!this.#isAiming) this.#list.querySelector(".chat-list")?.scrollIntoView({ block: "nearest" });
  }

  /** An entry that is replaced under a pointer gets no click. So a new list waits until the pointer is up. */
  #press() {
    const released = new AbortController();
    const release = () => {
      released.abort();
      this.#isPressed = false;
      setTimeout(() => this.#release()); // the click comes before
    };
    this.#isPressed = true;
    for (const end of ["pointerup", "pointercancel"]) window.addEventListener(end, release, { signal: released.signal });
  }

  /** Nobody is about to press: the entries take their places. */
  #release() {
    this.#isAiming = false;
    if (!this.#isPressed) this.#showLate();
  }

  #showLate() {
    if (!this.#late) return;
    const { section, current } = this.#late;
    if (!this.#isAiming || !keepPlaces(this.#list.firstElementChild, section.cloneNode(true))) {
      this.#late = null;
      this.#replace(section);
    }
    this.showCurrent(current);
  }

  #replace(section) {
    const focused = this.#list.contains(document.activeElement) ? document.activeElement.dataset.chat : null;
    this.#list.replaceChildren(section);
    if (focused) this.#list.querySelector(`[data-chat="${focused}"]`)?.focus();
  }

  #showUnread(entry, unread) {
    const count = entry.querySelector(".count");
    const isShown = entry.isConnected && entry.dataset.state === "active";
    if (isShown) this.#counts.unread += unread - Number(count.textContent || 0);
    count.textContent = unread || "";
  }

  /** The list as the server has it, also while the one on display waits for a pointer. */
  get latest() {
    return this.#late?.section || this.#list.firstElementChild;
  }

  /** What fits in the list on display, and in the one that comes after it. */
  #everywhere(which) {
    return [this.#list, this.#late?.section].flatMap((list) => (list ? [...list.querySelectorAll(which)] : []));
  }
}

function chatsOf(list, which) {
  return [...list.querySelectorAll(`.chat-entry[data-state]${which}`)].map((entry) => Number(entry.dataset.chat));
}
