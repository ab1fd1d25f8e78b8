// The customer's evaluation of the chat, above the composer: asked for by the agent or at the end, and changed for a day.

import { failureOf, fieldsOf, withButtonOff } from "./forms.js";

export class CustomerEvaluation {
  #root;
  #session;
  #texts;
  #leftTo;

  /** `root` shows the chat; `leftTo()` takes the focus when the form is put away. */
  constructor(root, { session, texts }, leftTo) {
    this.#root = root;
    this.#session = session;
    this.#texts = texts;
    this.#leftTo = leftTo;
    root.addEventListener("click", (event) => this.#clicked(event.target.closest("[data-action]")?.dataset.action));
    root.addEventListener("change", ({ target }) => this.#form?.contains(target) && this.#say(""));
    root.addEventListener("submit", (event) => {
      if (!this.#form.contains(event.target)) return;
      event.preventDefault();
      this.#send();
    });
  }

  /** A message has come, which may ask for the evaluation, or be it: given in another tab, or masked. */
  note(html) {
    if (html.includes('data-kind="ask"')) this.#ask();
    else if (html.includes('data-kind="evaluation"') && !this.#isBeingChanged) this.#refresh();
  }

  /** The chat has ended, and `standing` is the server's word on its evaluation. */
  ended(standing) {
    if (standing === "due") this.#ask();
    else if (this.#section.dataset.standing === "due") this.#section.hidden = true;
  }

  get #section() {
    return this.#root.querySelector("[data-part=evaluation]");
  }

  get #form() {
    return this.#section?.querySelector("form");
  }

  get #isBeingChanged() {
    return !this.#form.hidden && this.#form.contains(document.activeElement);
  }

  #ask() {
    if (this.#section.dataset.standing !== "later") return;
    this.#section.dataset.standing = "due";
    this.#section.hidden = false;
  }

  #clicked(action) {
    if (action === "evaluate") this.#open();
    else if (action === "evaluate-later") this.#putAway();
  }

  #open() {
    this.#showForm(true);
    (this.#form.querySelector(":checked") || this.#form.querySelector("[type=radio]")).focus();
  }

  #putAway() {
    this.#showForm(false);
    this.#leftTo();
  }

  get #given() {
    return this.#section.querySelector("[data-part=given]");
  }

  #showForm(shown) {
    this.#form.hidden = !shown;
    this.#given.hidden = shown;
  }

  async #send() {
    const fields = fieldsOf(this.#form);
    if (!fields.has("score")) fields.set("score", ""); // without the field, the server only shows what there is
    const response = await withButtonOff(this.#form, () => this.#session.post(this.#form.action, fields));
    if (response?.ok) {
      this.#replace(await response.text());
      this.#given.focus();
    } else {
      this.#say(await failureOf(response, this.#texts));
    }
  }

  #say(failure) {
    this.#section.querySelector("[role=alert]").textContent = failure;
  }

  async #refresh() {
    const response = await this.#session.post(this.#form.action, { chat: this.#form.elements.chat.value });
    if (response?.ok && !this.#isBeingChanged) this.#replace(await response.text());
  }

  /** Who has just sent the evaluation stays at the thanks, though its message brings them once more. */
  #replace(html) {
    const isAtThanks = this.#given.contains(document.activeElement);
    this.#section.outerHTML = html;
    if (isAtThanks) this.#given.focus();
  }
}
