// What the desk asks in its dialog: whether a chat ends, to whom it is handed over, what its follow-up says, and what
// happens to open chats when the agent goes Offline.

import { fragment } from "./fragment.js";
import { localiseTimes } from "./times.js";

export class DeskDialogs {
  #desk;
  #requests;
  #show;
  #asked = 0; // counts the questions

  /** `show(html, options)` shows the chat that an answer brings. */
  constructor(desk, requests, show) {
    this.#desk = desk;
    this.#requests = requests;
    this.#show = show;
  }

  close() {
    this.#dialog.close();
  }

  /** Asks before a colleague loses the chat; the form has the question. */
  askTakeOver(form) {
    const dialog = this.#open(form.querySelector("template").content.cloneNode(true));
    dialog.querySelector("[data-action=confirm]").addEventListener("click", () => {
      dialog.close();
      this.handOver(form);
    });
  }

  /** Shows the list of shortcuts; `save(form)` is called with the switch for them when it is changed. */
  showShortcuts(isOn, save) {
    const form = this.#open(this.#template("shortcuts-list")).querySelector("form");
    form.elements.shortcuts.checked = isOn;
    form.addEventListener("change", () => save(form));
  }

  async askHandOver(url) {
    const html = await this.#ask(url);
    if (html !== null) this.#open(fragment(html));
  }

  /** Returns the answer, or null if it comes too late: another chat is on display, or something else was asked for. */
  async #ask(url) {
    const isShown = this.#desk.pane.whileShown();
    const number = (this.#asked += 1);
    const html = await this.#requests.get(url);
    return isShown() && number === this.#asked ? html : null;
  }

  /**
   * Sends a form of the chat on display. The answer is the chat as it is now, which is shown unless the agent has gone on
   * to another one, or the form with what was refused.
   */
  async handOver(form) {
    const isShown = this.#desk.pane.whileShown();
    const response = await this.#requests.submit(form);
    const isPage = response?.headers.get("Content-Type")?.startsWith("text/html");
    if (response?.ok) {
      if (this.#dialog.contains(form)) this.close();
      const html = await response.text();
      if (isShown()) this.#show(html, { focus: true });
    } else if (isPage && form.dataset.part === "hand-over" && response.status < 500) {
      const dialog = this.#open(fragment(await response.text()));
      dialog.querySelector("[role=alert]")?.scrollIntoView({ block: "nearest" });
    } else {
      await this.#requests.explain(response);
    }
  }

  async askFollowUp(url) {
    const html = await this.#ask(url);
    if (html !== null) this.#showFollowUp(html);
  }

  /** Shows the server's question before the agent goes Offline; `choose(choice)` is called with the answer. */
  askOffline(html, choose) {
    const dialog = this.#open(fragment(html));
    for (const button of dialog.querySelectorAll("[data-choice]")) {
      button.addEventListener("click", () => {
        dialog.close();
        choose(button.dataset.choice);
      });
    }
  }

  /** Shows the form for a follow-up, or the answer to it. */
  #showFollowUp(html) {
    const content = this.#template("follow-up");
    content.querySelector(".dialog-body").innerHTML = html;
    const dialog = this.#open(content);
    const form = dialog.querySelector("form");
    form?.querySelector("input:not([type=hidden])")?.focus();
    if (form) form.addEventListener("submit", (event) => this.#createFollowUp(event));
    else boostLinks(dialog);
  }

  async #createFollowUp(event) {
    event.preventDefault();
    const html = await this.#requests.submitForText(event.currentTarget);
    if (html !== null) this.#showFollowUp(html);
  }

  get #dialog() {
    return this.#desk.querySelector("[data-part=dialog]");
  }

  #template(part) {
    return this.#desk.querySelector(`template[data-part=${part}]`).content.cloneNode(true);
  }

  #open(content) {
    const dialog = this.#dialog;
    dialog.replaceChildren(content);
    localiseTimes(dialog);
    if (dialog.open) dialog.querySelector("[autofocus], [role=combobox]")?.focus(); // what is asked again
    else dialog.showModal();
    return dialog;
  }
}

/** Lets the links of an answer change the page without touching the widget. */
function boostLinks(dialog) {
  window.htmx?.process(dialog);
  for (const link of dialog.querySelectorAll("a")) link.addEventListener("click", () => dialog.close());
}
