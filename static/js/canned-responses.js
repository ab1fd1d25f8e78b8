// Canned responses in the composer. A slash at the beginning of a word opens the list, the button does too; what is typed
// there filters it. The chosen text takes the place of what was typed for it; the agent reads it and sends.
//
// The box keeps the focus (the ARIA pattern of a combobox with a list; a box of several lines stays a text box by name):
// arrows move in the list, Enter and Tab choose, Escape closes. A key that belongs to a composition (Korean, Japanese, Chinese) is never ours.

import { CannedUse } from "./canned-use.js";

const WAIT_MS = 120; // while somebody types
// A slash that begins a word, and what is typed after it, up to the cursor. “/ ” and “//” are no wish for a response.
const WISH = /(?:^|\s)(\/(?!\s)[^\n/]{0,60})$/u;
const STEPS = { ArrowDown: 1, ArrowUp: -1 };

class CannedResponses extends HTMLElement {
  #ends = new AbortController();
  #start = -1; // of the typed wish in the box; -1: the list is closed
  #byButton = false; // then there is no slash
  #dismissed = -1; // the start of the wish that Escape has closed
  #asked = 0;
  #timer = 0;

  connectedCallback() {
    const { signal } = this.#ends;
    this.form = this.closest("form");
    this.box = this.form.querySelector("textarea");
    this.list = this.querySelector("[role=listbox]");
    this.said = this.querySelector("[data-part=canned-said]");
    this.querySelector("button").addEventListener("click", () => this.openHere());
    this.form.addEventListener("input", ({ target }) => target === this.box && this.#typed(), { signal });
    // Before the box's own listener, which sends.
    this.form.addEventListener("keydown", (event) => this.#pressed(event), { signal, capture: true });
    this.box.addEventListener("blur", () => this.close(), { signal });
    this.list.addEventListener("mousedown", (event) => event.preventDefault()); // the box keeps the focus
    this.list.addEventListener("click", ({ target }) => this.#choose(target.closest("[role=option]")));
  }

  disconnectedCallback() {
    this.#ends.abort();
    clearTimeout(this.#timer);
  }

  /** `view` is the chat on display. */
  begin(view) {
    this.use = new CannedUse(this, view);
  }

  /** Opens the list at the cursor, as the button does. */
  openHere() {
    if (!this.#isForCustomer) return;
    this.box.focus();
    this.#byButton = true;
    this.#start = this.box.selectionStart;
    this.#ask(0);
  }

  close() {
    if (this.#start < 0) return;
    this.#start = -1;
    this.#asked += 1; // what is on its way comes too late
    clearTimeout(this.#timer);
    this.list.hidden = true;
    this.list.replaceChildren();
    this.said.textContent = "";
    for (const name of ["aria-controls", "aria-autocomplete", "aria-haspopup", "aria-activedescendant"]) {
      this.box.removeAttribute(name);
    }
  }

  /** Notes and edits have none. */
  get #isForCustomer() {
    return (this.form.dataset.mode || "reply") === "reply";
  }

  get #query() {
    return this.box.value.slice(this.#start, this.box.selectionStart);
  }

  /** While a syllable is composed it is in the box already: it filters too. */
  #typed() {
    if (this.#start >= 0 && this.#byButton) {
      if (this.box.selectionStart < this.#start || this.#query.includes("\n")) this.close();
      else this.#ask();
      return;
    }
    const wish = WISH.exec(this.box.value.slice(0, this.box.selectionStart));
    const start = wish && this.#isForCustomer ? this.box.selectionStart - wish[1].length : -1;
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
    this.list.innerHTML = html ?? "";
    const isFound = this.#options.length > 0;
    if (!isFound && html !== null && /\s/.test(query)) return this.close(); // a sentence that begins with a slash
    if (!isFound) this.list.append(line(html === null ? this.dataset.failed : this.dataset.none));
    this.#show(isFound ? this.list.querySelector("[data-part=said]").innerHTML.trim() : this.list.textContent.trim());
  }

  #show(said) {
    this.list.hidden = false;
    this.said.textContent = said;
    const { box, list } = this;
    Object.assign(box, { ariaAutoComplete: "list", ariaHasPopup: "listbox" });
    box.setAttribute("aria-controls", list.id);
    this.#mark(this.#options[0]);
  }

  get #options() {
    return [...this.list.querySelectorAll("[role=option]")];
  }

  get #marked() {
    return this.list.querySelector("[aria-selected=true]");
  }

  #mark(option) {
    this.#marked?.setAttribute("aria-selected", "false");
    this.box.removeAttribute("aria-activedescendant");
    if (!option) return;
    option.setAttribute("aria-selected", "true");
    option.scrollIntoView({ block: "nearest" });
    this.box.setAttribute("aria-activedescendant", option.id);
  }

  #pressed(event) {
    if (this.#start < 0 || event.target !== this.box || event.isComposing || event.keyCode === 229) return;
    if (event.key === "Escape") this.#dismiss();
    else if (STEPS[event.key] && this.#options.length) this.#move(STEPS[event.key]);
    else if ((event.key === "Enter" || event.key === "Tab") && !event.shiftKey && this.#marked) this.#choose(this.#marked);
    else return;
    event.preventDefault();
    event.stopPropagation(); // Enter does not send, Escape closes this alone
  }

  #dismiss() {
    this.#dismissed = this.#start;
    this.close();
  }

  #move(step) {
    const options = this.#options;
    this.#mark(options.at((options.indexOf(this.#marked) + step) % options.length));
  }

  /** Puts the text in place of what was typed for it, as if it were typed: with undo, and within the limit. */
  #choose(option) {
    if (!option) return;
    const { id, text, file, size } = option.dataset;
    const [start, end] = [this.#start, this.box.selectionStart];
    this.close();
    this.box.focus();
    this.box.setSelectionRange(start, end);
    document.execCommand("insertText", false, text);
    this.close(); // the text may begin with a slash
    this.use?.chosen({ id, file, size: Number(size) });
  }
}

function line(text) {
  return Object.assign(document.createElement("p"), { className: "canned-none", textContent: text });
}

customElements.define("canned-responses", CannedResponses);
