// Chat check tries a page of another site: opens it in a window, where the line itself tells what it finds. So nothing is
// fetched by the server, and what counts is what a browser does, with the site's own policies.

const ANSWERS_WITHIN_MS = 20_000;

class PageCheck extends HTMLElement {
  #window = null;
  #timer = 0;

  connectedCallback() {
    this.hidden = false;
    this.form = this.querySelector("form");
    this.form.addEventListener("submit", (event) => this.#tried(event));
    window.addEventListener("message", (event) => this.#heard(event));
  }

  #tried(event) {
    event.preventDefault();
    const page = this.form.elements.namedItem("page").value;
    this.#end();
    if (!/^https?:/i.test(page)) return this.#show("address");
    this.#window = window.open(page, "contiple-check", "popup,width=900,height=700");
    this.#show(this.#window ? "trying" : "popup");
    this.#timer = setTimeout(() => this.#end("none"), ANSWERS_WITHIN_MS);
  }

  #heard({ source, data }) {
    const said = data?.contipleCheck;
    if (said && source === this.#window && said.service === this.dataset.service) this.#end(said.found);
  }

  #end(found) {
    clearTimeout(this.#timer);
    this.#window?.close();
    this.#window = null;
    if (found) this.#show(found);
  }

  #show(found) {
    for (const result of this.querySelectorAll("[data-found]")) result.hidden = result.dataset.found !== found;
  }
}

customElements.define("page-check", PageCheck);
