// Canned responses in the composer. A slash at the beginning of a word opens the list, the button does too; what is typed
// there filters it. The chosen text takes the place of what was typed for it; the agent reads it and sends.

import { BoxList } from "./box-list.js";
import { CannedUse } from "./canned-use.js";

const WAIT_MS = 120; // while somebody types
// A slash that begins a word, and what is typed after it, up to the cursor. “/ ” and “//” are no wish for a response.
const WISH = /(?:^|\s)(\/(?!\s)[^\n/]{0,60})$/u;

class CannedResponses extends HTMLElement {
  #start = -1; // of the typed wish in the box; -1: the list is closed
  #byButton = false; // then there is no slash
  #dismissed = -1; // the start of the wish that Escape has closed
  #asked = 0;
  #timer = 0;

  connectedCallback() {
    this.texts = new BoxList(this, {
      typed: () => this.#typed(),
      choose: (option) => this.#choose(option),
      dismiss: () => this.#dismiss(),
      close: () => this.close(),
      isOpen: () => this.#start >= 0,
    });
    this.said = this.querySelector("[data-part=canned-said]");
    this.querySelector("button").addEventListener("click", () => this.openHere());
  }

  disconnectedCallback() {
    this.texts.leave();
    clearTimeout(this.#timer);
  }

  /** `view` is the chat on display. */
  begin(view) {
    this.use = new CannedUse(this, view);
  }

  /** Opens the list at the cursor, as the button does. */
  openHere() {
    if (!this.#isForCustomer) return;
    this.texts.box.focus();
    this.#byButton = true;
    this.#start = this.texts.before.length;
    this.#ask(0);
  }

  close() {
    if (this.#start < 0) return;
    this.#start = -1;
    this.#asked += 1; // what is on its way comes too late
    clearTimeout(this.#timer);
    this.texts.hide();
    this.texts.list.replaceChildren();
    this.said.textContent = "";
  }

  /** Notes and edits have none. */
  get #isForCustomer() {
    return (this.texts.form.dataset.mode || "reply") === "reply";
  }

  get #query() {
    return this.texts.before.slice(this.#start);
  }

  /** While a syllable is composed it is in the box already: it filters too. */
  #typed() {
    if (this.#start >= 0 && this.#byButton) {
      if (this.texts.before.length < this.#start || this.#query.includes("\n")) this.close();
      else this.#ask();
      return;
    }
    const { before } = this.texts;
    const wish = WISH.exec(before);
    const start = wish && this.#isForCustomer ? before.length - wish[1].length : -1;
    if (start !== this.#dismissed) this.#dismissed = -1;
    if (start < 0 || start === this.#dismissed) return this.close();
    this.#byButton = false;
    this.#start = start;
    this.#ask();
  }

  #ask(wait = WAIT_MS) {
    clearTimeout(this.#timer);
    const asked = ++this.#asked;
    this.#timer = setTimeout(() => this.#fetch(asked), wait);
  }

  async #fetch(asked) {
    const query = this.#query;
    const url = `${this.dataset.url}?q=${encodeURIComponent(query)}`;
    const response = await fetch(url, { headers: { "X-Requested-With": "fetch" } }).catch(() => null);
    const html = response?.ok && !response.redirected ? await response.text() : null;
    if (asked !== this.#asked) return;
    const { list } = this.texts;
    list.innerHTML = html ?? "";
    const isFound = this.texts.options.length > 0;
    if (!isFound && html !== null && /\s/.test(query)) return this.close(); // a sentence that begins with a slash
    if (!isFound) list.append(line(html === null ? this.dataset.failed : this.dataset.none));
    this.texts.show();
    this.said.textContent = isFound ? list.querySelector("[data-part=said]").innerHTML.trim() : list.textContent.trim();
  }

  #dismiss() {
    this.#dismissed = this.#start;
    this.close();
  }

  /** Puts the text in place of what was typed for it, as if it were typed: with undo, and within the limit. */
  #choose(option) {
    const { id, text, file, size } = option.dataset;
    const [start, end] = [this.#start, this.texts.before.length];
    this.close();
    this.texts.type(text, start, end);
    this.close(); // the text may begin with a slash
    this.use?.chosen({ id, file, size: Number(size) });
  }
}

function line(text) {
  return Object.assign(document.createElement("p"), { className: "canned-none", textContent: text });
}

customElements.define("canned-responses", CannedResponses);
