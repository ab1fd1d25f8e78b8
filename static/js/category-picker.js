// A chat's category: a box in which one types to find it among all paths, in place of the form's select. In a form that
// saves by itself, a choice is sent at once.

import { takeNewToken } from "./csrf.js";
import { failureOf, fieldsOf } from "./forms.js";
import { lettersOf } from "./letters.js";

let count = 0;

class CategoryPicker extends HTMLElement {
  connectedCallback() {
    if (this.input) return;
    this.select = this.querySelector("select");
    this.saved = this.select.value;
    this.choices = [...this.select.options].map(({ value, text }) => ({ value, text, key: lettersOf(text) }));
    this.#build();
    this.input.addEventListener("input", () => this.#open(this.input.value));
    this.input.addEventListener("click", () => this.#open(""));
    this.input.addEventListener("focus", () => this.input.select());
    this.input.addEventListener("blur", () => this.#close());
    this.input.addEventListener("keydown", (event) => this.#pressed(event));
    this.list.addEventListener("mousedown", (event) => event.preventDefault()); // the box keeps the focus
    this.list.addEventListener("click", (event) => this.#choose(event.target.closest("[role=option]")));
  }

  #build() {
    const id = `categories-${(count += 1)}`;
    this.list = make("ul", { id, role: "listbox", class: "category-list", "aria-label": this.dataset.label, hidden: "" });
    this.input = make("input", {
      class: "input",
      role: "combobox",
      autocomplete: "off",
      "aria-label": this.dataset.label,
      "aria-autocomplete": "list",
      "aria-expanded": "false",
      "aria-controls": id,
    });
    this.notice = make("p", { role: "status", class: "category-notice" });
    this.select.hidden = true;
    this.select.after(this.input, this.list, this.notice);
    this.#showChosen();
    this.closest("form").querySelector("[data-part=save]")?.remove();
  }

  #open(query) {
    const words = lettersOf(query).split(/[\s›]+/).filter(Boolean);
    const found = this.choices.filter(({ key }) => words.every((word) => key.includes(word)));
    this.list.replaceChildren(...found.map((choice, at) => this.#option(choice, at)));
    if (!found.length) this.list.append(make("li", { class: "muted", text: this.dataset.none }));
    this.list.hidden = false;
    this.input.setAttribute("aria-expanded", "true");
    this.#mark(words.length ? this.#options[0] : this.list.querySelector("[aria-selected=true]"));
  }

  #option({ value, text }, at) {
    const selected = String(value === this.select.value);
    const option = make("li", { role: "option", id: `${this.list.id}-${at}`, "aria-selected": selected, text });
    option.dataset.value = value;
    return option;
  }

  #close() {
    this.list.hidden = true;
    this.input.setAttribute("aria-expanded", "false");
    this.#mark(null);
    this.#showChosen();
  }

  #pressed(event) {
    if (event.isComposing || event.keyCode === 229) return; // the key is the input method's
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step) this.#step(step);
    else if (event.key === "Enter" && this.#isOpen) this.#choose(this.#marked);
    else if (event.key === "Escape" && this.#isOpen) this.#close();
    else return;
    event.preventDefault(); // neither is the form sent nor the dialog closed
  }

  #step(step) {
    if (!this.#isOpen) return this.#open("");
    const options = this.#options;
    const at = options.indexOf(this.#marked) + step;
    this.#mark(options[at < 0 ? options.length - 1 : at % options.length]);
  }

  #mark(option) {
    this.#marked?.removeAttribute("data-marked");
    option?.setAttribute("data-marked", "");
    option?.scrollIntoView({ block: "nearest" });
    if (option) this.input.setAttribute("aria-activedescendant", option.id);
    else this.input.removeAttribute("aria-activedescendant");
  }

  #choose(option) {
    if (!option) return;
    this.select.value = option.dataset.value;
    this.#close();
    if (this.select.value !== this.saved) this.#save();
  }

  async #save() {
    const form = this.closest("form[data-saves]");
    if (!form) return;
    const body = fieldsOf(form);
    const headers = { "X-Requested-With": "fetch" };
    const response = await fetch(form.action, { method: "POST", body, headers }).catch(() => null);
    if (response?.status === 403) takeNewToken((name) => response.headers.get(name));
    if (response?.redirected) return window.location.assign(response.url); // the session has ended
    if (response?.ok) this.saved = body.get("category");
    else this.select.value = this.saved;
    this.#showChosen();
    this.notice.textContent = response?.ok ? this.dataset.saved : await failureOf(response, this.dataset);
  }

  #showChosen() {
    const { text } = this.select.selectedOptions[0];
    this.input.value = text;
    this.input.title = text;
    this.toggleAttribute("data-empty", !this.select.value);
  }

  get #options() {
    return [...this.list.querySelectorAll("[role=option]")];
  }

  get #marked() {
    return this.list.querySelector("[data-marked]");
  }

  get #isOpen() {
    return !this.list.hidden;
  }
}

function make(name, { text = "", ...attributes }) {
  const element = Object.assign(document.createElement(name), { textContent: text });
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  return element;
}

customElements.define("category-picker", CategoryPicker);
