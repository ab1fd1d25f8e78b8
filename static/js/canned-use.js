// What becomes of canned responses that were chosen: once their message is sent they are counted, and their files follow.

import { uploadsOf } from "./file-uploads.js";

export class CannedUse {
  #element;
  #view;
  #chosen = [];

  /** `element` has the addresses and texts, `view` is the chat on display. */
  constructor(element, view) {
    this.#element = element;
    this.#view = view;
    const { form, textarea } = view.composer;
    // Whoever empties the box of messages begins anew. A script that empties it has sent it, which is told by itself.
    textarea.addEventListener("input", () => form.dataset.mode === "reply" && !textarea.value.trim() && this.#forget());
    view.root.addEventListener("message-sent", ({ detail }) => this.#sent(detail));
    this.files = Object.assign(document.createElement("div"), { className: "canned-files", hidden: true });
    form.querySelector(".composer-box").insertBefore(this.files, form.querySelector(".composer-tools"));
  }

  chosen(response) {
    this.#chosen = [...this.#chosen.filter(({ id }) => id !== response.id), response];
    this.#showFiles();
  }

  #sent({ client_id: clientId, type }) {
    if (type) return; // a note: what was chosen is still in the box of messages
    for (const { id, file, size } of this.#chosen) {
      countWhenStored(this.#view, this.#url("usedUrl", id), clientId);
      if (file) this.#sendFile(id, file, size);
    }
    this.#forget();
  }

  /** The server has the bytes: what is sent is the wish for a copy. It is kept and tried again as every file is. */
  #sendFile(id, name, size) {
    const { chat, outbox, proof, renewed } = this.#view;
    const about = { id: outbox.newId(), chat, name, size, file: new File([], name) };
    uploadsOf(outbox.name).add(about, { url: this.#url("fileUrl", id), headers: proof, renewed });
  }

  #url(name, id) {
    return this.#element.dataset[name].replace("/0/", `/${id}/`);
  }

  #forget() {
    this.#chosen = [];
    this.#showFiles();
  }

  #showFiles() {
    const withFiles = this.#chosen.filter(({ file }) => file);
    this.files.hidden = !withFiles.length;
    this.files.replaceChildren(...withFiles.map((response) => this.#chip(response)));
  }

  #chip(response) {
    const chip = this.#element.querySelector("template").content.firstElementChild.cloneNode(true);
    const remove = chip.querySelector("button");
    chip.querySelector(".truncate").textContent = response.file;
    remove.setAttribute("aria-label", `${remove.title} ${response.file}`);
    remove.addEventListener("click", () => {
      response.file = "";
      this.#showFiles();
      this.#view.composer.focus();
    });
    return chip;
  }
}

/** Counts once the server has the message, also if its chat has been left meanwhile. */
function countWhenStored({ socket, proof }, url, clientId) {
  const stored = ({ detail: frame }) => {
    if (frame.client_id !== clientId) return;
    socket.removeEventListener("frame", stored);
    if (frame.type === "error") return;
    const headers = { ...proof(), "X-Requested-With": "fetch" };
    fetch(url, { method: "POST", headers, body: new URLSearchParams({ client_id: clientId }), keepalive: true }).catch(() => {});
  };
  socket.addEventListener("frame", stored);
}
