// The queue: how many customers wait and, once it is unfolded, the chats that this agent may take. Only who looks asks.

import { showLevels } from "./desk-waits.js";
import { localiseTimes } from "./times.js";

const PAUSE_MS = 1000; // in a rush the queue changes many times a second, for every agent

export class DeskQueue {
  #root;
  #requests;
  #isReading = false;
  #isStale = false;
  #isAiming = false; // the pointer moves over the list: nothing moves under it

  constructor(root, requests) {
    this.#root = root;
    this.#requests = requests;
    this.#details.addEventListener("toggle", () => this.#renew());
    root.addEventListener("pointermove", () => (this.#isAiming = true));
    root.addEventListener("pointerleave", () => this.#release());
    root.addEventListener("click", () => setTimeout(() => this.#release()));
  }

  /** `html` says how many customers wait; it is empty if nobody does. */
  show(html) {
    const text = html.trim();
    this.#root.hidden = !text;
    this.#root.querySelector("summary > span").innerHTML = text;
    this.#renew();
  }

  /** A second has passed. */
  tick(target) {
    showLevels(this.#list, target);
  }

  get #details() {
    return this.#root.querySelector("details");
  }

  get #list() {
    return this.#root.querySelector(".queue-list");
  }

  #release() {
    this.#isAiming = false;
    if (this.#isStale) this.#renew();
  }

  /** Reads the list again, if it is on display, once in a while at most. What changes meanwhile is read once more. */
  async #renew() {
    this.#isStale = true;
    if (this.#isReading || this.#isAiming || !this.#details.open || this.#root.hidden) return;
    this.#isReading = true;
    this.#isStale = false;
    const html = await this.#requests.look(this.#root.dataset.url);
    if (html !== null && !this.#isAiming) {
      this.#list.innerHTML = html;
      localiseTimes(this.#list);
    }
    this.#isStale ||= this.#isAiming; // somebody is about to press since it was asked for
    setTimeout(() => {
      this.#isReading = false;
      if (this.#isStale) this.#renew();
    }, PAUSE_MS);
  }
}
