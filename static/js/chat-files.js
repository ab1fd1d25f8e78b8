// Files for the chat on display: by the composer's buttons, dropped onto the chat, or pasted. Loaded once a chat runs.

import { bubbleOf, showUpload } from "./file-bubble.js";
import { FileDrop } from "./file-drop.js";
import { limitsOf, quoted, sort } from "./file-limits.js";
import { uploadsOf } from "./file-uploads.js";

class ChatFiles extends HTMLElement {
  #view = null;
  #ends = new AbortController();

  /** `view` is the chat on display. Until now the buttons were hidden, since only this script can use them. */
  begin(view) {
    if (!this.isConnected || this.#view) return;
    const { signal } = this.#ends;
    this.#view = view;
    this.template = view.root.querySelector("template[data-part=files]");
    this.limits = limitsOf(this.dataset);
    this.input = this.querySelector("input");
    this.hidden = false;
    this.#beginUploads(signal);
    this.#showButtons();
    this.#endWithTheChat(view.composer, signal);
    this.input.addEventListener("change", () => this.#chosen());
    const { form } = view.composer;
    const isTaken = () => !form.hidden && !["note", "edit"].includes(form.dataset.mode); // nor after the chat's end
    new FileDrop(view.root, this.template, { isTaken, dropped: (files) => this.#add(files), signal });
    view.root.addEventListener("paste", (event) => isTaken() && this.#pasted(event), { signal });
  }

  /** The page takes the composer away when the chat ends: what is still on its way comes too late. */
  #endWithTheChat({ form }, signal) {
    const observer = new MutationObserver(() => {
      if (form.hidden) for (const upload of this.#uploads.of(this.#view.chat)) upload.refuse("ended");
    });
    observer.observe(form, { attributeFilter: ["hidden"] });
    signal.addEventListener("abort", () => observer.disconnect());
  }

  disconnectedCallback() {
    this.#ends.abort();
    if (this.#view) this.#uploads.onChange = () => {};
  }

  get #uploads() {
    return uploadsOf(this.#view.outbox.name);
  }

  #beginUploads(signal) {
    const { chat, socket, address } = this.#view;
    const uploads = this.#uploads;
    uploads.onChange = (upload) => upload.chat === chat && this.#changed(upload);
    for (const upload of uploads.of(chat)) this.#show(upload);
    if (!address) uploads.keepOnly(chat); // a customer has one chat
    uploads.takeLeft(chat, this.#target);
    socket.addEventListener("open", () => uploads.hurry(), { signal });
  }

  #showButtons() {
    const takesPictures = this.limits.accepted.some((token) => token.startsWith("image/"));
    const camera = this.querySelector("[data-file-action=camera]");
    this.querySelector("[data-file-action=choose]").addEventListener("click", () => this.#choose());
    camera?.addEventListener("click", () => this.#choose({ camera: true }));
    if (camera) camera.hidden = !takesPictures;
  }

  #choose({ camera = false } = {}) {
    this.input.accept = camera ? "image/*" : this.dataset.accept;
    this.input.multiple = !camera;
    this.input.toggleAttribute("capture", camera);
    this.input.click();
  }

  #chosen() {
    const files = [...this.input.files];
    this.input.value = ""; // the same file may be chosen again
    this.#add(files);
  }

  /** Text wins: what is copied from a table is text, and a picture of it. A copied file's text is its name. */
  #pasted(event) {
    const files = [...event.clipboardData.files];
    const text = event.clipboardData.getData("text/plain");
    if (!files.length || (text && !files.some((file) => text.includes(file.name)))) return;
    event.preventDefault();
    this.#add(files);
  }

  /** Takes files, or says beside the composer why not. What is typed there stays. */
  #add(files) {
    const { composer, chat, conversation } = this.#view;
    const coming = this.#uploads.of(chat).filter((upload) => upload.state !== "refused");
    const there = conversation.list.querySelectorAll("chat-file").length + coming.length;
    const { accepted, refused } = sort(files, this.limits.countMax - there, this.limits, this.template.dataset);
    composer.full.textContent = refused.join(" ");
    for (const file of accepted) {
      const about = { id: this.#view.outbox.newId(), chat, name: file.name, size: file.size, file };
      this.#uploads.add(about, this.#target);
    }
    if (accepted.length) this.#say(accepted.map((file) => file.name));
    if (accepted.length) conversation.toBottom();
  }

  get #target() {
    const { proof, renewed } = this.#view;
    return { url: this.dataset.url, headers: proof, renewed };
  }

  #changed(upload) {
    const bubble = this.#bubble(upload);
    if (!bubble && upload.state !== "sent") this.#show(upload);
    else if (bubble && upload.state === "sent") this.#sent(upload);
    else if (bubble) showUpload(bubble, upload, this.template.dataset);
  }

  #show(upload) {
    const { conversation } = this.#view;
    const pressed = (action) => (action === "again" ? upload.start() : this.#remove(upload));
    conversation.list.append(bubbleOf(upload, { template: this.template, author: conversation.reader, pressed }));
  }

  /** The message takes the bubble's place, when it comes. It may be there already. */
  #sent({ id, chat, place }) {
    if (document.getElementById(`m-${chat}-${place}`)) this.#view.conversation.removePending(id);
  }

  /** Who uses the keyboard goes on in the composer. On a phone that would open a keyboard. */
  #remove(upload) {
    const isByKey = this.#bubble(upload).querySelector(":focus-visible");
    this.#uploads.remove(upload);
    this.#view.conversation.removePending(upload.id);
    if (isByKey) this.#view.composer.focus();
  }

  #bubble({ id }) {
    return this.#view.conversation.list.querySelector(`.message[data-client="${id}"]`);
  }

  /** Says once that it has begun. That it is over is said by the message, and that it failed by the bubble. */
  #say(names) {
    const said = this.querySelector("[role=status]");
    said.textContent = this.template.dataset.uploadingName.replace("{name}", names.map(quoted).join(", "));
  }
}

customElements.define("chat-files", ChatFiles);
