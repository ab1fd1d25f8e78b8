// The text box. Enter sends, Shift+Enter breaks the line; an Enter that ends a composition (Korean, Japanese, Chinese)
// never sends, and the next one does.

// Safari tells the end of a composition before the keydown that ended it; other browsers tell it after. A keydown within
// this time is that one.
const LATE_KEYDOWN_MS = 50;
// Hangul fillers, joiners and the like can't be seen. `contiple/base/texts.py` has the same.
const CAN_BE_SEEN = /[^\s\p{Cc}\p{Cf}\p{DI}\u2800]/u;

export class Composer {
  #composedAt = 0;
  #isInComposition = false;

  /** `send(text)` gets what was written; `typing()` is called while somebody writes. */
  constructor(form, { key, send, typing }) {
    this.form = form;
    this.textarea = form.querySelector("textarea");
    this.full = form.querySelector("[data-part=full]");
    this.key = key;
    this.#show(sessionStorage.getItem(key) || "");
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#send(send);
    });
    this.textarea.addEventListener("compositionstart", () => (this.#isInComposition = true));
    this.textarea.addEventListener("compositionend", (event) => {
      this.#isInComposition = false;
      this.#composedAt = event.timeStamp;
    });
    this.textarea.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" || event.shiftKey || this.#isComposing(event)) return;
      event.preventDefault();
      this.#send(send);
    });
    this.textarea.addEventListener("input", () => {
      this.#fit();
      this.#keep();
      if (this.textarea.value.trim()) typing();
    });
  }

  get text() {
    return this.textarea.value;
  }

  set text(value) {
    this.#show(value);
    this.#keep();
  }

  /** Goes on with the draft that `key` keeps. The one before stays where it is, and undo doesn't bring it here. */
  use(key) {
    if (key === this.key) return;
    this.key = key;
    this.#show(sessionStorage.getItem(key) || "");
    this.forgetUndo();
  }

  focus() {
    this.textarea.focus({ preventScroll: true });
  }

  /** Makes undo forget what was typed so far: browsers drop the history of a box that leaves the page. */
  forgetUndo() {
    if (this.#isInComposition) {
      this.textarea.addEventListener("compositionend", () => setTimeout(() => this.forgetUndo()), { once: true });
      return;
    }
    const { selectionStart, selectionEnd } = this.textarea;
    const isFocused = document.activeElement === this.textarea;
    this.textarea.replaceWith(this.textarea);
    if (!isFocused) return;
    this.focus();
    this.textarea.setSelectionRange(selectionStart, selectionEnd);
  }

  #isComposing(event) {
    if (event.isComposing) return true;
    // 229: the key went to the input method. With Safari it comes after the composition has ended.
    return event.keyCode === 229 && event.timeStamp - this.#composedAt < LATE_KEYDOWN_MS;
  }

  #send(send) {
    const text = this.text.trim();
    if (!text) return;
    this.full.textContent = CAN_BE_SEEN.test(text) ? "" : this.full.dataset.empty;
    if (this.full.textContent) return;
    this.text = "";
    send(text);
  }

  #show(text) {
    this.textarea.value = text;
    this.#fit();
    this.textarea.dispatchEvent(new Event("change", { bubbles: true }));
  }

  #keep() {
    if (this.text) sessionStorage.setItem(this.key, this.text);
    else sessionStorage.removeItem(this.key);
  }

  #fit() {
    this.textarea.style.height = "auto";
    if (this.textarea.scrollHeight) this.textarea.style.height = `${this.textarea.scrollHeight}px`;
    // The browser cuts off what is pasted beyond the limit, and says nothing.
    this.full.textContent = this.text.length < this.textarea.maxLength ? "" : this.full.dataset.text;
  }
}
