// A ticket's state, assignee, group, priority and tags: what is chosen is saved at once, so the forms' buttons are not
// there (CSS). Beside each the server says what became of it; screen readers are told here, outside of what is replaced.
//
// A key may pass by several values of a closed list: that waits for Enter, the next field or a pause. What waits when the
// page is left is saved then.

import { fieldsOf } from "./forms.js";

const PAUSE_MS = 900;
const LEAVING = ["htmx:beforeSwap", "htmx:historyCacheMissLoad"];

class SaveAtOnce extends HTMLElement {
  #byKeys = false;
  #hadFocus = false; // of a keyboard, when a form was sent: what had it may be gone with the answer
  #timer = 0;
  #waiting = null; // the form of what a key has chosen
  #under = null; // the form of what is being sent: a page that is left may cut it off

  #ends;

  connectedCallback() {
    this.#ends = new AbortController();
    const { signal } = this.#ends;
    window.addEventListener("pagehide", () => this.#saveLeaving(), { signal });
    document.addEventListener("visibilitychange", () => document.hidden && this.#save(), { signal });
    // Before: taken out of the page, the form loses the focus, and would be sent as a page.
    for (const type of LEAVING) document.addEventListener(type, ({ target }) => target.contains(this) && this.#saveLeaving(), { signal });
    if (this.said) return;
    this.said = this.querySelector("[data-part=saved]");
    this.addEventListener("keydown", (event) => this.#pressed(event));
    this.addEventListener("pointerdown", () => (this.#byKeys = false));
    this.addEventListener("change", (event) => this.#changed(event));
    this.addEventListener("input", (event) => this.#typed(event));
    this.addEventListener("submit", () => (this.#hadFocus = this.querySelector(":focus-visible") !== null), true);
    this.addEventListener("focusout", () => this.#save());
    this.addEventListener("htmx:beforeRequest", ({ target }) => (this.#under = target.closest("[data-saves]")));
    this.addEventListener("htmx:beforeOnLoad", () => (this.#under = null));
    this.addEventListener("htmx:afterSwap", () => this.#say());
  }

  disconnectedCallback() {
    this.#ends.abort();
    this.#saveLeaving();
  }

  #pressed({ key, target }) {
    if (!target.matches("select")) return;
    this.#byKeys = key.startsWith("Arrow") || key.startsWith("Page") || ["Home", "End"].includes(key) || key.length === 1;
    if (key === " ") this.#byKeys = false; // opens the list, or chooses in it
    if (key === "Enter") this.#save();
  }

  #changed({ target }) {
    if (!target.matches("[data-saves] select")) return;
    this.#waiting = target.form;
    clearTimeout(this.#timer);
    if (this.#byKeys) this.#timer = setTimeout(() => this.#save(), PAUSE_MS);
    else this.#save();
  }

  /** A tag that is taken from the list is put on; one that is typed, with Enter. */
  #typed({ target, inputType }) {
    const isTaken = target.list && (!inputType || inputType === "insertReplacementText");
    if (isTaken && [...target.list.options].some(({ value }) => value === target.value)) target.form.requestSubmit();
  }

  #save() {
    const form = this.#takeWaiting();
    if (form?.isConnected) form.requestSubmit();
  }

  /** Nobody sees the answer, and the request outlives the page. A change that comes twice is one. */
  #saveLeaving() {
    const form = this.#takeWaiting() || this.#under;
    this.#under = null;
    const headers = { "X-Requested-With": "fetch" };
    if (form) fetch(form.action, { method: "POST", body: fieldsOf(form), headers, keepalive: true }).catch(() => {});
  }

  #takeWaiting() {
    clearTimeout(this.#timer);
    const form = this.#waiting;
    this.#waiting = null;
    return form;
  }

  #say() {
    if (this.#hadFocus && document.activeElement === document.body) {
      this.querySelector(".fact:has(.field-saved) :is(select, input:not([type=hidden]))")?.focus();
    }
    this.said.textContent = this.querySelector(".field-saved [data-part=said]")?.textContent.trim() || "";
  }
}

customElements.define("save-at-once", SaveAtOnce);
