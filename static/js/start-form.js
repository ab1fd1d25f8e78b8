// The form that starts a chat, and what was typed into it.

import { FormDraft } from "./form-draft.js";
import { fieldsOf, withButtonOff } from "./forms.js";
import { solve } from "./puzzle.js";

const FORM = "form[data-stage=start]";
const SUMS_MAX = 4;

export class StartForm {
  #root;
  draft;

  /** `root` is what shows the form, at times. */
  constructor(root, service) {
    this.#root = root;
    this.draft = new FormDraft(`contiple-draft:${service}`, ["name", "email", "message"]);
    root.addEventListener("input", (event) => {
      const form = event.target.closest(FORM);
      if (form) this.draft.keep(form);
    });
  }

  /** The form can be used now. Until then its button was off, since only this script can send it. */
  begin() {
    const form = this.#root.querySelector(FORM);
    if (!form) return;
    form.querySelector("[type=submit]").disabled = false;
    this.draft.fill(form);
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

  /** Starts a chat for `session`. `page` is the address of the page that shows the chat. Returns what `post` returns. */
  async send(form, session, page) {
    const fields = fieldsOf(form);
    fields.set("page", page);
    const response = await withButtonOff(form, () => this.#post(form.action, session, fields));
    const token = response?.status < 500 && response.headers.get("X-Chat-Token");
    if (token) session.begin(token);
    return response;
  }

  /** While a flood of starts is on, the server wants a sum solved first; a harder one if the flood has grown meanwhile. */
  async #post(action, session, fields) {
    for (let tries = 0; ; tries += 1) {
      const response = await session.start(action, fields);
      const puzzle = tries < SUMS_MAX && response?.status === 428 && response.headers.get("X-Chat-Puzzle");
      const solution = puzzle && (await solve(puzzle));
      if (!solution) return response;
      fields.set("solution", solution);
    }
  }
}
