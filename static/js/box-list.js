// A list beside the text box of a composer, which keeps the focus (the ARIA pattern of a combobox with a list): arrows move
// in the list, Enter and Tab choose, Escape closes it alone. A key that belongs to a composition (Korean, Japanese,
// Chinese) is never ours.

const STEPS = { ArrowDown: 1, ArrowUp: -1 };
const OF_BOX = ["role", "aria-expanded", "aria-controls", "aria-autocomplete", "aria-haspopup", "aria-activedescendant"];

export class BoxList {
  #ends = new AbortController();
  #acts;

  /** `acts`: `typed()`, `choose(option)`, `dismiss()` for Escape, `close()` if the box is left, and `isOpen()`. */
  constructor(element, acts) {
    const { signal } = this.#ends;
    this.#acts = acts;
    this.form = element.closest("form");
    this.box = this.form.querySelector("textarea");
    this.list = element.querySelector("[role=listbox]");
    this.form.addEventListener("input", ({ target }) => target === this.box && acts.typed(), { signal });
    // What was sent leaves the box empty without a word typed.
    this.form.addEventListener("change", ({ target }) => target === this.box && !this.box.value && acts.close(), { signal });
    // Before the box's own listener, which sends.
    this.form.addEventListener("keydown", (event) => this.#pressed(event), { signal, capture: true });
    this.box.addEventListener("blur", () => acts.close(), { signal });
    this.list.addEventListener("mousedown", (event) => event.preventDefault()); // the box keeps the focus
    this.list.addEventListener("click", ({ target }) => choose(acts, target.closest("[role=option]")));
  }

  /** The element is gone. */
  leave() {
    this.#ends.abort();
  }

  get options() {
    return [...this.list.querySelectorAll("[role=option]:not([hidden])")];
  }

  /** What stands in the box before the cursor. */
  get before() {
    return this.box.value.slice(0, this.box.selectionStart);
  }

  /** Shows the list with its first option marked; `about` says to the box what it is now. */
  show(about) {
    this.list.hidden = false;
    Object.assign(this.box, { ariaAutoComplete: "list", ariaHasPopup: "listbox", ...about });
    this.box.setAttribute("aria-controls", this.list.id);
    this.#mark(this.options[0]);
  }

  hide() {
    this.list.hidden = true;
    for (const name of OF_BOX) this.box.removeAttribute(name);
  }

  /** Types the text in place of what stands from `start` to `end`, with undo. */
  type(text, start, end) {
    this.box.focus();
    this.box.setSelectionRange(start, end);
    document.execCommand("insertText", false, text);
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
    if (!this.#acts.isOpen() || event.target !== this.box || event.isComposing || event.keyCode === 229) return;
    const isChoice = (event.key === "Enter" || event.key === "Tab") && !event.shiftKey && this.#marked;
    if (event.key === "Escape") this.#acts.dismiss();
    else if (STEPS[event.key] && this.options.length) this.#move(STEPS[event.key]);
    else if (isChoice) choose(this.#acts, this.#marked);
    else return;
    event.preventDefault();
    event.stopPropagation(); // Enter does not send, Escape closes this alone
  }

  #move(step) {
    const { options } = this;
    this.#mark(options.at((options.indexOf(this.#marked) + step) % options.length));
  }
}

function choose(acts, option) {
  if (option) acts.choose(option);
}
