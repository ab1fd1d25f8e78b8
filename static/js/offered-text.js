// Text that looks personal and is left readable: a button that masks it for agents who may mask, plain text for others.

class OfferedText extends HTMLElement {
  connectedCallback() {
    const texts = document.querySelector("template[data-part=texts]")?.dataset;
    if (!texts?.offered || !this.closest("[data-mask-url]")) return;
    this.setAttribute("role", "button");
    this.tabIndex = 0;
    this.setAttribute("aria-label", `${this.textContent}. ${texts.offered}`);
    this.title = texts.offered;
    this.addEventListener("click", this.#mask);
    this.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" && event.key !== " ") return;
      event.preventDefault();
      this.#mask();
    });
  }

  /** Asks the element around it to mask this text, as if all of it were selected. */
  #mask = () => {
    // A selection that ends here is a selection, not a click.
    if (!getSelection().isCollapsed && getSelection().containsNode(this, true)) return;
    const range = document.createRange();
    range.selectNodeContents(this);
    this.dispatchEvent(new CustomEvent("mask-offered", { bubbles: true, detail: range }));
  };
}

customElements.define("offered-text", OfferedText);
