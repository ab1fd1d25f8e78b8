// Colleagues in a note: an @ at the beginning of a word opens the list, and what is typed after it filters it. The server
// reads the names in the note; this only types them.
//
// The box keeps the focus (the ARIA pattern of a combobox with a list): arrows move in the list, Enter and Tab choose,
// Escape closes. A key that belongs to a composition (Korean, Japanese, Chinese) is never ours.

const WISH = /(?:^|[\s(])(@[^\s@]{0,40})$/u; // up to the cursor
const STEPS = { ArrowDown: 1, ArrowUp: -1 };
const OF_BOX = ["role", "aria-expanded", "aria-controls", "aria-autocomplete", "aria-haspopup", "aria-activedescendant"];

class AgentMentions extends HTMLElement {
  #ends = new AbortController();
  #start = -1; // of the name in the box; -1: the list is closed
  #dismissed = -1; // the start of the name for which Escape has closed it
  #loaded = null;

  connectedCallback() {
    const { signal } = this.#ends;
    this.form = this.closest("form");
    this.box = this.form.querySelector("textarea");
    this.list = this.querySelector("[role=listbox]");
    this.form.addEventListener("input", ({ target }) => target === this.box && this.#typed(), { signal });
    // Before the box's own listener, which sends.
    this.form.addEventListener("keydown", (event) => this.#pressed(event), { signal, capture: true });
    this.box.addEventListener("blur", () => this.#close(), { signal });
    this.list.addEventListener("mousedown", (event) => event.preventDefault()); // the box keeps the focus
    this.list.addEventListener("click", ({ target }) => this.#choose(target.closest("[role=option]")));
  }

  disconnectedCallback() {
    this.#ends.abort();
  }

  async #typed() {
    const start = this.#wishedAt();
    if (start !== this.#dismissed) this.#dismissed = -1;
    if (start < 0 || start === this.#dismissed) return this.#close();
    this.#start = start;
    await (this.#loaded ??= this.#load());
    if (this.#start === start && this.#wishedAt() === start) this.#filter();
  }

  #wishedAt() {
    if (this.form.dataset.mode !== "note") return -1;
    const wish = WISH.exec(this.box.value.slice(0, this.box.selectionStart));
    return wish ? this.box.selectionStart - wish[1].length : -1;
  }

  async #load() {
    const response = await fetch(this.dataset.url, { headers: { "X-Requested-With": "fetch" } }).catch(() => null);
    if (response?.ok && !response.redirected) this.list.innerHTML = await response.text();
    else this.#loaded = null; // asked again with the next key
  }

  #filter() {
    const typed = this.box.value.slice(this.#start + 1, this.box.selectionStart).normalize().toLowerCase();
    for (const option of this.list.querySelectorAll("[role=option]")) {
      option.hidden = !option.dataset.name.toLowerCase().includes(typed);
    }
    if (!this.#options.length) return this.#close();
    this.list.hidden = false;
    const { box, list } = this;
    Object.assign(box, { role: "combobox", ariaExpanded: "true", ariaAutoComplete: "list", ariaHasPopup: "listbox" });
    box.setAttribute("aria-controls", list.id);
    this.#mark(this.#options[0]);
  }

  #close() {
    if (this.#start < 0) return;
    this.#start = -1;
    this.list.hidden = true;
    for (const name of OF_BOX) this.box.removeAttribute(name);
  }

  get #options() {
    return [...this.list.querySelectorAll("[role=option]:not([hidden])")];
  }

  get #marked() {
    return this.list.querySelector("[aria-selected=true]");
  }

  #mark(option) {
    this.#marked?.setAttribute("aria-selected", "false");
    option.setAttribute("aria-selected", "true");
    option.scrollIntoView({ block: "nearest" });
    this.box.setAttribute("aria-activedescendant", option.id);
  }

  #pressed(event) {
    if (this.list.hidden || event.target !== this.box || event.isComposing || event.keyCode === 229) return;
    const isChoice = (event.key === "Enter" || event.key === "Tab") && !event.shiftKey;
    if (event.key === "Escape") this.#dismiss();
    else if (STEPS[event.key]) this.#move(STEPS[event.key]);
    else if (isChoice) this.#choose(this.#marked);
    else return;
    event.preventDefault();
    event.stopPropagation(); // Enter does not send, Escape closes this alone
  }

  #dismiss() {
    this.#dismissed = this.#start;
    this.#close();
  }

  #move(step) {
    const options = this.#options;
    this.#mark(options.at((options.indexOf(this.#marked) + step) % options.length));
  }

  /** Types the name, with undo. */
  #choose(option) {
    if (!option) return;
    const [start, end] = [this.#start, this.box.selectionStart];
    this.#close();
    this.box.focus();
    this.box.setSelectionRange(start, end);
    document.execCommand("insertText", false, `@${option.dataset.name} `);
    this.#close();
  }
}

customElements.define("agent-mentions", AgentMentions);
