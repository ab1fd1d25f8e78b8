// A chat's tags: each is put on and taken off without leaving the conversation.

import { takeNewToken } from "./csrf.js";
import { failureOf, fieldsOf } from "./forms.js";

let count = 0;

class ChatTags extends HTMLElement {
  connectedCallback() {
    if (this.tags) return;
    this.tags = this.querySelector("[data-part=tags]");
    this.notice = this.querySelector("[data-part=tags-notice]");
    this.names = Object.assign(document.createElement("datalist"), { id: `chat-tags-${(count += 1)}` });
    this.append(this.names);
    this.#shown();
    this.addEventListener("focusin", () => this.#offer());
    this.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#send(event.target);
    });
  }

  get #box() {
    return this.tags.querySelector("input[name=tag]");
  }

  async #send(form) {
    if (this.sending) return;
    this.sending = true;
    const body = fieldsOf(form);
    const headers = { "X-Requested-With": "fetch" };
    const response = await fetch(form.action, { method: "POST", body, headers }).catch(() => null);
    const html = response?.ok ? await response.text().catch(() => null) : null;
    this.sending = false;
    if (response?.status === 403) takeNewToken((name) => response.headers.get(name));
    if (response?.redirected) return window.location.assign(response.url); // the session has ended
    this.notice.textContent = html === null ? await failureOf(response?.ok ? null : response, this.dataset) : "";
    if (html !== null) this.#show(html, body.get("tag"));
  }

  /** Shows the tags of an answer, with their forms. What was written since `sent` stays, and so does a focus elsewhere. */
  #show(html, sent) {
    const { value } = this.#box;
    const hasFocus = this.contains(document.activeElement);
    this.tags.innerHTML = html;
    this.#shown();
    if (value !== sent) this.#box.value = value;
    if (hasFocus) this.#box.focus();
    this.offered = false; // a new one is among them
  }

  #shown() {
    this.tags.querySelector("[data-part=save]").remove(); // Enter adds
    this.#box.setAttribute("list", this.names.id);
  }

  /** Fetches the names of the service's tags when they are wanted first. */
  async #offer() {
    if (this.offered) return;
    this.offered = true;
    const response = await fetch(this.dataset.names).catch(() => null);
    this.offered = Boolean(response?.ok && !response.redirected);
    if (this.offered) this.names.innerHTML = await response.text();
  }
}

customElements.define("chat-tags", ChatTags);
