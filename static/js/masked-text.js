// A masked span on an agent's screen: a button. A click shows the original, another hides it; after 30 s it hides itself.
// The original is text of this element, and of its name for screen readers, as long as it is shown; and nowhere else.

import { confirmed } from "./confirm-dialog.js";
import { failureOf } from "./forms.js";
import { showMaskTools } from "./mask-tools.js";

const SHOWN_MS = 30_000;

class MaskedText extends HTMLElement {
  #timer = 0;
  #asterisks = null;
  #hideTools = () => {};

  connectedCallback() {
    if (!this.#urls?.revealUrl) return;
    this.#asterisks ??= this.textContent;
    this.setAttribute("role", "button");
    this.tabIndex = 0;
    this.setAttribute("aria-label", this.#texts.masked);
    this.setAttribute("aria-pressed", "false");
    this.addEventListener("click", this.#toggle);
    this.addEventListener("keydown", this.#key);
  }

  disconnectedCallback() {
    if (this.isRevealed) this.conceal();
  }

  get isRevealed() {
    return "revealed" in this.dataset;
  }

  /** The text that everybody else sees. Selections count its characters. */
  get masked() {
    return this.#asterisks ?? this.textContent;
  }

  conceal() {
    clearTimeout(this.#timer);
    this.#hideTools();
    this.textContent = this.#asterisks;
    delete this.dataset.revealed;
    this.setAttribute("aria-label", this.#texts?.masked || "");
    this.setAttribute("aria-pressed", "false");
  }

  get #texts() {
    return document.querySelector("template[data-part=texts]")?.dataset;
  }

  /** The addresses to ask: from the element around the text, or else from the page. */
  get #urls() {
    return (this.closest("[data-reveal-url]") || document.querySelector("template[data-part=texts][data-reveal-url]"))?.dataset;
  }

  #key = (event) => {
    if (event.key !== "Enter" && event.key !== " ") return;
    event.preventDefault();
    this.#toggle();
  };

  #toggle = () => {
    // A selection that ends here is a selection, not a click.
    if (!getSelection().isCollapsed && getSelection().containsNode(this, true)) return;
    if (this.isRevealed) this.conceal();
    else if (!this.hasAttribute("aria-busy")) this.#reveal();
  };

  async #reveal() {
    const text = await this.#ask(this.#urls.revealUrl);
    if (text === undefined || !this.checkVisibility()) return; // the chat was left, or the dialog closed, meanwhile
    this.dataset.revealed = "";
    this.replaceChildren(document.createTextNode(text));
    this.setAttribute("aria-label", `${text}. ${this.#texts.unmasked}`);
    this.setAttribute("aria-pressed", "true");
    this.#timer = setTimeout(() => this.conceal(), SHOWN_MS);
    this.#hideTools = showMaskTools(this, this.#texts, () => this.#lift());
  }

  /** Removes the mask for good. What shows the text gets the change, or asks for changes now. */
  async #lift() {
    const { liftUrl } = this.#urls;
    const place = this.#place; // the change may come before the answer, and this mask is gone with it
    this.conceal();
    if ((await this.#ask(liftUrl)) === undefined) return;
    tell(place, "masking-notice", this.#texts.lifted);
    tell(place, "mask-changed");
  }

  /** Returns the answer's text, or undefined after the agent has been told why there is none. */
  async #ask(url) {
    this.setAttribute("aria-busy", "true");
    const response = await fetch(url.replace("/0/", `/${this.dataset.mask}/`), {
      method: "POST",
      cache: "no-store",
      headers: { "X-CSRFToken": this.#texts.csrf, "X-Requested-With": "fetch" },
    }).catch(() => null);
    this.removeAttribute("aria-busy");
    this.removeAttribute("title");
    const question = response?.status === 403 && response.headers.get("X-Confirm");
    if (question && (await confirmed(question, this.#texts))) return this.#ask(url);
    if (response?.redirected) return void window.location.assign(response.url); // the session has ended
    if (response?.ok) return response.text();
    this.title = await failureOf(response, this.#texts);
    tell(this.#place, "masking-notice", this.title);
    return undefined;
  }

  /** The element that stays while the text in it changes. */
  get #place() {
    return this.closest("[data-mask-url], [data-reveal-url], [role=log]");
  }
}

function tell(place, name, detail = null) {
  place?.dispatchEvent(new CustomEvent(name, { bubbles: true, detail }));
}

// The browser's Back may show a page as it was left.
addEventListener("pagehide", () => {
  for (const mask of document.querySelectorAll("masked-text[data-revealed]")) mask.conceal();
});

customElements.define("masked-text", MaskedText);
