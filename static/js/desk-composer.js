// The desk's composer in its modes: a reply to the customer, a note for agents alone, or an edit of a message. Each has a
// draft of its own, so that nothing that was typed as one is ever sent as another.

import { draftKey } from "./chat-drafts.js";
import { excerptOf } from "./quotes.js";
import { setPressed } from "./toggle-button.js";

export class DeskComposer {
  #view;
  #form;
  #remembered;
  #edited = null; // the message that is being edited
  #quoted = null; // the message that is being answered

  /** Saves an edit: true once that is done. `MessageActions` sets this. */
  save = async () => false;

  constructor(view) {
    const { form } = view.composer;
    this.#view = view;
    this.#form = form;
    this.#remembered = `contiple-note:${view.outbox.name}:${view.chat}`;
    view.written = (text) => this.#written(text);
    view.typed = () => this.#mode === "reply" && view.typing.noteTyped();
    view.giveBack = (entry) => this.#giveBack(entry);
    this.#on("note-toggle", () => this.#choose(this.#mode === "note" ? "reply" : "note"));
    this.#on("note-keep", () => this.#remember(this.#isKept ? "note" : "kept"));
    this.#on("edit-cancel", () => this.#endEdit());
    this.#on("quote-cancel", () => this.quote(null));
    form.addEventListener("keydown", (event) => this.#pressed(event));
    this.#show(this.#isNotesOnly || sessionStorage.getItem(this.#remembered) ? "note" : "reply");
  }

  /** Puts the text of an own message into the box, to be changed. */
  edit(message, text) {
    this.quote(null);
    this.#edited = message;
    this.#show("edit");
    this.#view.composer.text = text;
    this.#view.composer.focus();
  }

  /** The next message answers this one; `null`: none. A note is answered by notes only. */
  quote(message) {
    if (this.#edited && message) this.#endEdit();
    if (message?.matches(".message-note")) this.#choose("note");
    this.#quoted = message;
    const about = this.#part("about-quote");
    about.hidden = !message;
    about.querySelector("[data-part=quote-of]").textContent = message ? excerptOf(message) : "";
    if (message) this.#view.composer.focus();
  }

  get #mode() {
    return this.#form.dataset.mode;
  }

  get #isNotesOnly() {
    return this.#form.dataset.part === "note";
  }

  get #isKept() {
    return sessionStorage.getItem(this.#remembered) === "kept";
  }

  #choose(mode) {
    if (this.#edited) this.#endEdit();
    if (mode === "reply" && this.#quoted?.matches(".message-note")) this.quote(null);
    this.#remember(mode === "note" ? "note" : "");
    this.#show(mode);
    this.#view.composer.focus();
  }

  /** A note is followed by another one only if the agent has said so. */
  #remember(how) {
    if (this.#isNotesOnly) return;
    if (how) sessionStorage.setItem(this.#remembered, how);
    else sessionStorage.removeItem(this.#remembered);
    const keep = this.#part("note-keep");
    if (keep) setPressed(keep, this.#isKept);
  }

  #show(mode) {
    const { composer, outbox, chat } = this.#view;
    const { textarea } = composer;
    this.#form.dataset.mode = mode;
    composer.use(mode === "reply" ? draftKey(outbox, chat) : `${draftKey(outbox, chat)}:${mode}`);
    textarea.placeholder = textarea.dataset[`${mode}Placeholder`] || textarea.dataset.replyPlaceholder;
    textarea.setAttribute("aria-label", textarea.dataset[mode]);
    const toggle = this.#part("note-toggle");
    if (toggle) setPressed(toggle, mode === "note");
    const keep = this.#part("note-keep");
    if (keep) setPressed(keep, this.#isKept);
  }

  #written(text) {
    if (this.#edited) return this.#saveEdit(text);
    const more = this.#mode === "note" ? { type: "note" } : {};
    if (this.#quoted) more.quote = Number(this.#quoted.dataset.seq);
    this.#view.send(text, more);
    this.quote(null);
    if (this.#mode === "note" && !this.#isKept && !this.#isNotesOnly) this.#choose("reply");
  }

  async #saveEdit(text) {
    const message = this.#edited;
    const isSaved = await this.save(message, text);
    if (this.#edited !== message) return;
    if (isSaved) this.#endEdit();
    else this.#view.composer.text = text;
  }

  #endEdit() {
    this.#view.composer.text = "";
    this.#edited = null;
    this.#show(this.#isNotesOnly || sessionStorage.getItem(this.#remembered) ? "note" : "reply");
    this.#view.composer.focus();
  }

  /** What was refused comes back as what it was. Where only notes are written, it is a note until the agent sends it. */
  #giveBack({ body, type, quote }) {
    this.#choose(type === "note" || this.#isNotesOnly ? "note" : "reply");
    const { composer, conversation } = this.#view;
    composer.text = [body, composer.text].filter(Boolean).join("\n");
    const quoted = quote && conversation.messages.find(({ dataset }) => Number(dataset.seq) === quote);
    if (quoted && !quoted.matches(".event")) this.quote(quoted);
  }

  #pressed(event) {
    if (event.key !== "Escape" || event.isComposing || event.defaultPrevented) return;
    if (!this.#edited && !this.#quoted) return;
    event.preventDefault(); // closes this alone
    if (this.#edited) this.#endEdit();
    else this.quote(null);
  }

  #part(name) {
    return this.#form.querySelector(`[data-part=${name}]`);
  }

  #on(part, act) {
    this.#part(part)?.addEventListener("click", act);
  }
}
