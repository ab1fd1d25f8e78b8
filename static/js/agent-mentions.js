// Colleagues in a note: an @ at the beginning of a word opens the list, and what is typed after it filters it. The server
// reads the names in the note; this only types them.

import { BoxList } from "./box-list.js";

const WISH = /(?:^|[\s(])(@[^\s@]{0,40})$/u; // up to the cursor

class AgentMentions extends HTMLElement {
  #start = -1; // of the name in the box; -1: the list is closed
  #dismissed = -1; // the start of the name for which Escape has closed it
  #loaded = null;

  connectedCallback() {
    this.names = new BoxList(this, {
      typed: () => this.#typed(),
      choose: (option) => this.#choose(option),
      dismiss: () => this.#dismiss(),
      close: () => this.#close(),
      isOpen: () => !this.names.list.hidden,
    });
  }

  disconnectedCallback() {
    this.names.leave();
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
    const { form, before } = this.names;
    const wish = form.dataset.mode === "note" && WISH.exec(before);
    return wish ? before.length - wish[1].length : -1;
  }

  async #load() {
    const response = await fetch(this.dataset.url, { headers: { "X-Requested-With": "fetch" } }).catch(() => null);
    if (response?.ok && !response.redirected) this.names.list.innerHTML = await response.text();
    else this.#loaded = null; // asked again with the next key
  }

  #filter() {
    const typed = this.names.before.slice(this.#start + 1).normalize().toLowerCase();
    for (const option of this.names.list.querySelectorAll("[role=option]")) {
      option.hidden = !option.dataset.name.toLowerCase().includes(typed);
    }
    if (this.names.options.length) this.names.show({ role: "combobox", ariaExpanded: "true" });
    else this.#close();
  }

  #close() {
    if (this.#start < 0) return;
    this.#start = -1;
    this.names.hide();
  }

  #dismiss() {
    this.#dismissed = this.#start;
    this.#close();
  }

  #choose(option) {
    const [start, end] = [this.#start, this.names.before.length];
    this.#close();
    this.names.type(`@${option.dataset.name} `, start, end);
    this.#close();
  }
}

customElements.define("agent-mentions", AgentMentions);
