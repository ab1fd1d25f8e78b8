// To whom a chat goes. What is typed finds a colleague or a queue, arrows move the choice, and Enter sends the form. Until
// there is a choice the form's button rests. The choices are radio buttons, which do without this script.

import { lettersOf } from "./letters.js";

const STEPS = { ArrowDown: 1, ArrowUp: -1 };

class TransferTargets extends HTMLElement {
  connectedCallback() {
    if (this.search) return;
    this.form = this.closest("form");
    this.search = this.querySelector("[type=search]");
    this.said = this.querySelector("[role=status]");
    this.choices = [...this.querySelectorAll("[name=to]")].map((radio) => choiceOf(radio));
    this.querySelector("[data-part=search]").hidden = this.choices.length < 2;
    this.search.autofocus = matchMedia("(pointer: fine)").matches; // on a phone the keyboard would lie over the list
    this.search.addEventListener("input", () => this.#filter());
    this.search.addEventListener("keydown", (event) => this.#pressed(event));
    this.form.addEventListener("change", () => this.#showChosen());
    this.form.querySelector("textarea").addEventListener("keydown", (event) => this.#sends(event));
    this.#showChosen();
  }

  #filter() {
    const words = lettersOf(this.search.value).split(/\s+/).filter(Boolean);
    for (const { letters, line } of this.choices) line.hidden = !words.every((word) => letters.includes(word));
    for (const group of this.querySelectorAll("fieldset")) group.hidden = !group.querySelector(".colleague:not([hidden])");
    const found = this.choices.find(({ line }) => !line.hidden);
    this.said.classList.toggle("visually-hidden", Boolean(found)); // that there is nobody is for eyes too
    if (found && (!words.length || this.#possible.some(({ radio }) => radio.checked))) return this.#showChosen();
    this.#choose(this.#possible[0], found);
  }

  #pressed(event) {
    const step = STEPS[event.key];
    if (!step || event.isComposing || event.keyCode === 229) return;
    event.preventDefault();
    const possible = this.#possible;
    const at = possible.findIndex(({ radio }) => radio.checked);
    if (possible.length) this.#choose(at < 0 ? possible.at(step > 0 ? 0 : -1) : possible.at((at + step) % possible.length));
  }

  /** In the note, Enter begins a line and Ctrl with Enter sends. */
  #sends(event) {
    if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey) || event.isComposing || this.#button.disabled) return;
    event.preventDefault();
    this.form.requestSubmit();
  }

  /** Chooses, and says so; without a choice, says what was found: somebody who can't take a chat, or nobody. */
  #choose(choice, found = choice) {
    for (const { radio } of this.choices) radio.checked = radio === choice?.radio;
    choice?.line.scrollIntoView({ block: "nearest" });
    this.#showChosen();
    const { line } = choice || found || {};
    this.said.textContent = line ? line.innerText.replace(/\s+/g, " ").trim() : this.dataset.none;
  }

  #showChosen() {
    this.#button.disabled = !this.choices.some(({ radio }) => radio.checked);
  }

  get #button() {
    return this.form.querySelector(".form-actions button");
  }

  get #possible() {
    return this.choices.filter(({ radio, line }) => !radio.disabled && !line.hidden);
  }
}

function choiceOf(radio) {
  const line = radio.closest(".colleague");
  return { radio, line, letters: lettersOf(line.querySelector(".colleague-name").textContent) };
}

customElements.define("transfer-targets", TransferTargets);
