// The desk's requests to the server. If one fails, the agent is told why.

import { takeNewToken } from "./csrf.js";
import { BY_THE_CLOCK, fieldsOf, withButtonOff } from "./forms.js";

export class DeskRequests {
  #texts;
  #say;

  /** `texts` is the dataset of the page's texts; `say(text)` shows the agent a line. */
  constructor(texts, say) {
    this.#texts = texts;
    this.#say = say;
  }

  /** Returns the answer's body, or null after the agent has been told why there is none. */
  async get(url, options = {}) {
    const response = await this.#request(url, options);
    if (response?.ok) return response.text();
    await this.explain(response);
    return null;
  }

  /** Asks for what the page wants by itself. Returns the body, or null: nobody has asked, so nobody is told why. */
  async look(url) {
    const response = await this.#request(url, { headers: BY_THE_CLOCK });
    return response?.ok ? response.text() : null;
  }

  /** As `get`; `fields` is what a form would send. */
  post(url, fields = null) {
    return this.get(url, { method: "POST", body: fields && new URLSearchParams(fields) });
  }

  /** Sends a form whose refusal the caller shows. Returns the response, or null if there is none. */
  submit(form) {
    return withButtonOff(form, () => this.#request(form.action, { method: "POST", body: fieldsOf(form) }));
  }

  /** Sends a form. Returns what `get` returns. */
  submitForText(form) {
    return withButtonOff(form, () => this.post(form.action, fieldsOf(form)));
  }

  /** Tells the agent why `response` (null: none came) is not what was asked for. */
  async explain(response) {
    if (!response) return this.#say(this.#texts.unreachable);
    const type = response.headers.get("Content-Type") || "";
    this.#say(type.startsWith("text/plain") ? await response.text() : this.#texts.unavailable);
  }

  async #request(url, options) {
    const headers = { "X-CSRFToken": this.#texts.csrf, "X-Requested-With": "fetch", ...options.headers };
    const response = await fetch(url, { ...options, headers }).catch(() => null);
    if (response?.status === 403) takeNewToken((name) => response.headers.get(name));
    if (response?.redirected && new URL(response.url).pathname === "/sign-in/") {
      window.location.assign(response.url);
      return new Promise(() => {}); // the page goes away
    }
    return response;
  }
}
