// The ticket list: which rows are selected. The fields that change them are fetched with the first selected row.

class TicketSelection extends HTMLElement {
  connectedCallback() {
    this.all = this.querySelector("[data-part=all]");
    this.all.hidden = false;
    this.addEventListener("change", this.#changed);
    this.addEventListener("htmx:afterSwap", this.#show);
    this.#show();
  }

  disconnectedCallback() {
    this.removeEventListener("change", this.#changed);
    this.removeEventListener("htmx:afterSwap", this.#show);
  }

  get #rows() {
    return [...this.querySelectorAll("[name=ticket]")];
  }

  #changed = ({ target }) => {
    if (this.all.contains(target)) for (const row of this.#rows) row.checked = target.checked;
    this.#show();
  };

  #show = () => {
    const rows = this.#rows;
    const selected = rows.filter((row) => row.checked).length;
    const all = this.all.querySelector("input");
    all.checked = selected === rows.length;
    all.indeterminate = selected > 0 && selected < rows.length;
    const count = this.querySelector("[data-part=count]");
    count.textContent = selected ? count.dataset.text.replace("{}", selected) : "";
    const bar = this.querySelector("[data-part=fields]");
    bar.hidden = !selected;
    const fields = [...bar.querySelectorAll("select, input")];
    if (selected && !fields.length) bar.dispatchEvent(new Event("wanted"));
    // The browser says it beside the field, and the rows stay selected.
    fields[0]?.setCustomValidity(fields.some((field) => field.value) ? "" : bar.dataset.nothing);
  };
}

customElements.define("ticket-selection", TicketSelection);
