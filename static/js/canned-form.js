// The form of a canned response: names come in at the cursor by a click, and its file is uploaded when it is chosen.

import { takeNewToken } from "./csrf.js";

let box = null; // the text that was written in last

document.addEventListener("focusin", ({ target }) => {
  if (target.matches("textarea[name^=text_]")) box = target;
});
document.addEventListener("click", ({ target }) => {
  const button = target.closest("[data-insert]");
  if (!button) return;
  const { form } = button;
  (box?.form === form ? box : form.querySelector("textarea")).focus();
  document.execCommand("insertText", false, `{${button.dataset.insert}}`); // as if typed: with undo
});

class CannedFile extends HTMLElement {
  connectedCallback() {
    this.input = this.querySelector("[data-part=input]");
    this.addEventListener("click", ({ target }) => this.#clicked(target.closest("[data-file]")?.dataset.file));
    this.input?.addEventListener("change", () => this.#chosen(this.input.files[0]));
  }

  #clicked(action) {
    if (action === "choose") this.input.click();
    else if (action === "remove") this.#show(null);
  }

  async #chosen(file) {
    this.input.value = ""; // the same file may be chosen again
    if (!file) return;
    if (file.size > Number(this.dataset.sizeMax)) return this.#say(this.dataset.tooLarge);
    this.#say(this.dataset.uploading);
    this.#busy(true);
    const answer = await this.#upload(file);
    this.#busy(false);
    const about = await answer?.json().catch(() => null);
    this.#say(answer?.ok ? "" : about?.text || this.dataset.failed);
    if (answer?.ok) this.#show(about);
  }

  async #upload(file, isFirst = true) {
    const headers = { "X-CSRFToken": this.dataset.csrf, "X-File-Name": encodeURIComponent(file.name), "Content-Type": "application/octet-stream" };
    const answer = await fetch(this.dataset.url, { method: "POST", headers, body: file }).catch(() => null);
    if (answer?.status === 403 && isFirst && takeNewToken((name) => answer.headers.get(name))) return this.#upload(file, false);
    return answer;
  }

  /** Nothing is saved while the file is under way. */
  #busy(isBusy) {
    for (const button of this.closest("form").querySelectorAll(".button-primary, [data-file=choose]")) button.disabled = isBusy;
  }

  #show(file) {
    const [there, choose] = ["[data-part=there]", "[data-file=choose]"].map((part) => this.querySelector(part));
    this.querySelector("[name=file]").value = file?.id || "";
    there.hidden = !file;
    if (choose) choose.hidden = Boolean(file);
    if (file) {
      const link = there.querySelector("a");
      link.textContent = file.name;
      link.href = this.dataset.fileUrl.replace("/0/", `/${file.id}/`);
      there.querySelector("[data-part=size]").textContent = file.size;
    }
    (file ? there.querySelector("button") : choose)?.focus();
  }

  #say(text) {
    this.querySelector("[data-part=said]").textContent = text;
  }
}

customElements.define("canned-file", CannedFile);
