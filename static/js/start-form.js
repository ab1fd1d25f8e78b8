// The form that starts a chat, and what was typed into it.

import { FormDraft } from "./form-draft.js";
import { fieldsOf, withButtonOff } from "./forms.js";
import { loadScriptOf } from "./on-demand.js";
import { solve } from "./puzzle.js";

const FORM = "form[data-stage=start]";
const NAME_LENGTH = 80; // as long as the form takes them
const EMAIL_LENGTH = 254;
const SUMS_MAX = 4;
const SAID_AFTER_MS = 1000; // most sums are solved by then

export class StartForm {
  #root;
  #session;
  #ahead = null; // the promise of a solution that the start is likely to need
  #person = {};
  draft;
  kept; // name and address, on this device, for the next chat

  /** `root` is what shows the form, at times. */
  constructor(root, service, session) {
    this.#root = root;
    this.#session = session;
    this.draft = new FormDraft(`contiple-draft:${service}`, ["name", "email", "message"]);
    this.kept = new FormDraft(`contiple-person:${service}`, ["name", "email"], localStorage);
    root.addEventListener("input", (event) => {
      const form = event.target.closest(FORM);
      if (!form) return;
      this.draft.keep(form);
      this.#ahead ||= this.#solveAhead(form);
      this.#suggest(form);
    });
  }

  /** The form can be used now. Until then its button was off, since only this script can send it. */
  begin() {
    const form = this.#root.querySelector(FORM);
    if (!form) return;
    form.querySelector("[type=submit]").disabled = false;
    this.draft.fill(form);
    for (const [name, value] of Object.entries(this.#person)) {
      const field = form.elements.namedItem(name); // a member is not asked
      if (field) field.value ||= value;
    }
    this.kept.fill(form);
    if (form.elements.namedItem("message").value) this.#suggest(form);
  }

  #suggest(form) {
    loadScriptOf(form.querySelector("suggested-articles"));
  }

  /** Fills in, where nothing is written, whom the page around the chat takes the customer for. It proves nothing. */
  offer({ name, email }) {
    this.#person = { name: String(name || "").slice(0, NAME_LENGTH), email: String(email || "").slice(0, EMAIL_LENGTH) };
    this.#clearKept();
    this.begin();
  }

  /** Whom the page names may be another person than this device's last one. */
  #clearKept() {
    const form = this.#root.querySelector(FORM);
    for (const [name, value] of Object.entries(this.kept.fields)) {
      const field = form?.elements.namedItem(name);
      if (this.#person[name] && field?.value === value) field.value = "";
    }
  }

  /** Calls `start(form)` when the customer starts a chat. */
  onSubmit(start) {
    this.#root.addEventListener("submit", (event) => {
      const form = event.target.closest(FORM);
      if (!form) return;
      event.preventDefault();
      start(form);
    });
  }

  /** Starts a chat. `page` is the address of the page that shows the chat. Returns what `post` returns. */
  async send(form, page) {
    const fields = fieldsOf(form);
    fields.set("page", page);
    const response = await withButtonOff(form, () => this.#post(form, fields));
    const token = response?.status < 500 && response.headers.get("X-Chat-Token");
    if (!token) return response;
    this.#ahead = null; // it counts once
    this.#session.begin(token);
    return response;
  }

  /** While a flood of starts is on, the server wants a sum solved first; a harder one if the flood has grown meanwhile. */
  async #post(form, fields) {
    let solution = await this.#awaited(form, this.#ahead);
    for (let tries = 0; ; tries += 1) {
      if (solution) fields.set("solution", solution);
      const response = await this.#session.start(form.action, fields);
      const puzzle = tries < SUMS_MAX && response?.status === 428 && response.headers.get("X-Chat-Puzzle");
      solution = puzzle && (await this.#awaited(form, solve(puzzle)));
      if (!solution) return response;
    }
  }

  /** Returns the solution. Says why the customer waits if it takes long. */
  async #awaited(form, solving) {
    const words = form.querySelector("[data-part=many]");
    const timer = setTimeout(() => (words.hidden = false), SAID_AFTER_MS);
    const solution = await solving;
    clearTimeout(timer);
    words.hidden = true;
    return solution;
  }

  /** Solves a sum while the customer fills in the form, if a flood is on. */
  async #solveAhead(form) {
    const response = await this.#session.post(form.dataset.sumUrl);
    const puzzle = response?.status === 204 && response.headers.get("X-Chat-Puzzle");
    return puzzle ? solve(puzzle) : "";
  }
}
