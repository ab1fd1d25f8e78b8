// Says beside a text box, while somebody types there, that what looks like a card or registration number is going to be
// masked. It reads the box and changes nothing in it; the server wrote which kinds it masks.

import { kindsIn } from "./personal-numbers.js";

const list = new Intl.ListFormat(document.documentElement.lang || "en", { type: "disjunction" });

class PersonalHint extends HTMLElement {
  #said = "";

  connectedCallback() {
    this.masked = new Set(this.dataset.maskedKinds.split(" "));
    this.line = this.querySelector("p");
    this.box = this.closest("form").querySelector("textarea");
    // A script that fills or empties the box dispatches `change`.
    for (const type of ["input", "change"]) this.box.addEventListener(type, this.#look);
    this.#look();
  }

  disconnectedCallback() {
    for (const type of ["input", "change"]) this.box.removeEventListener(type, this.#look);
  }

  /** Changes the line only if the kinds have changed: a screen reader reads out every change. */
  #look = () => {
    const kinds = kindsIn(this.box.value).filter((kind) => this.masked.has(kind));
    if (kinds.join() === this.#said) return;
    this.#said = kinds.join();
    this.line.querySelector("span").textContent = this.dataset.text.replace("{kinds}", list.format(kinds.map((kind) => this.dataset[kind])));
    this.line.hidden = !kinds.length;
  };
}

customElements.define("personal-hint", PersonalHint);
