// A masked span on an agent's screen: a button. A click shows the original, another hides it; after 30 s it hides itself.
// The original is a text node of this element and nowhere else: no attribute, no storage.

const SHOWN_MS = 30_000;

class MaskedText extends HTMLElement {
  #timer = 0;
  #asterisks = null;

  connectedCallback() {
    const texts = this.#texts();
    if (!texts?.revealUrl) return;
    this.#asterisks ??= this.textContent;
    this.setAttribute("role", "button");
    this.tabIndex = 0;
    this.setAttribute("aria-label", texts.masked);
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

  /** What everybody else sees, of which selections count the characters. */
  get masked() {
    return this.#asterisks ?? this.textContent;
  }

  conceal() {
    clearTimeout(this.#timer);
    this.textContent = this.#asterisks;
    delete this.dataset.revealed;
    this.setAttribute("aria-label", this.#texts()?.masked || "");
    this.setAttribute("aria-pressed", "false");
  }

  #texts() {
    return document.querySelector("template[data-part=texts]")?.dataset;
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
    else this.#reveal();
  };

  async #reveal() {
    const texts = this.#texts();
    this.setAttribute("aria-busy", "true");
    const response = await fetch(texts.revealUrl.replace("/0/", `/${this.dataset.mask}/`), {
      method: "POST",
      cache: "no-store",
      headers: { "X-CSRFToken": texts.csrf, "X-Requested-With": "fetch" },
    }).catch(() => null);
    this.removeAttribute("aria-busy");
    const text = response ? await response.text() : "";
    if (!response?.ok) {
      this.title = response && response.status < 500 && response.status !== 404 ? text : texts.unavailable;
      this.dispatchEvent(new CustomEvent("masking-notice", { bubbles: true, detail: this.title }));
      return;
    }
    if (!this.checkVisibility()) return; // the chat was left, or the dialog closed, while it was on its way
    this.dataset.revealed = "";
    this.replaceChildren(document.createTextNode(text));
    this.setAttribute("aria-label", `${text}. ${texts.unmasked}`);
    this.setAttribute("aria-pressed", "true");
    this.#timer = setTimeout(() => this.conceal(), SHOWN_MS);
  }
}

customElements.define("masked-text", MaskedText);
