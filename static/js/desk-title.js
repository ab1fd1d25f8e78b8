// What asks for the agent, in the tab's title and its icon: a chat that rings, messages unread, customers unanswered.

import { serverNow } from "./times.js";

const language = document.documentElement.lang || "en";
const minutesFormat = new Intl.NumberFormat(language, { style: "unit", unit: "minute", unitDisplay: "short" });

export class DeskTitle {
  #words;
  #icon = document.querySelector("link[rel=icon]");
  #plainIcon = this.#icon?.href;
  #plain = ""; // without what asks
  #shown = "";
  #isOdd = false;

  /** `words` has `ringing`, `unread` and `unanswered`, and the address of the icon with a `badge`. */
  constructor(words) {
    this.#words = words;
  }

  show({ ringing, unread, unanswered }) {
    const { count, since } = unanswered;
    if (document.title !== this.#shown) this.#plain = document.title; // the page has named itself anew
    if (ringing) this.#put(ringing, this.#words.ringing);
    else if (unread) this.#put(unread, this.#words.unread, since);
    else if (count) this.#put(count, this.#words.unanswered, since);
    else this.#title(this.#plain);
    this.#badge(ringing || unread || count ? this.#words.badge : this.#plainIcon);
  }

  /** A second has passed: a ring blinks. */
  tick(attention) {
    this.#isOdd = !this.#isOdd;
    this.show(attention);
    if (attention.ringing && this.#isOdd) this.#title(this.#plain);
  }

  clear() {
    this.show({ ringing: 0, unread: 0, unanswered: { count: 0 } });
  }

  #put(count, words, since = null) {
    const minutes = since === null ? 0 : Math.floor((serverNow() - since) / 60_000);
    const waited = minutes > 0 ? ` · ${minutesFormat.format(minutes)}` : "";
    this.#title(`(${count}) ${words}${waited} – ${this.#plain}`);
  }

  #title(title) {
    if (document.title !== title) document.title = title;
    this.#shown = title;
  }

  #badge(address) {
    if (this.#icon && this.#icon.href !== new URL(address, window.location.href).href) this.#icon.href = address;
  }
}
