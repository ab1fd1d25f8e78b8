// The customer's chat, in a frame of its own: the form that starts it, the chat, and the way back into it.

import "./storage.js"; // before whatever stores
import { Absence } from "./absence.js";
import { keepOnly } from "./chat-drafts.js";
import { contactWith, takeToContact } from "./customer-contact.js";
import { CustomerPane } from "./customer-pane.js";
import { CustomerSession } from "./customer-session.js";
import { CustomerTranscript } from "./customer-transcript.js";
import { failureOf, withButtonOff } from "./forms.js";
import { closeMenus } from "./menus.js";
import { Outbox } from "./outbox.js";
import { ParentPage } from "./parent-page.js";
import "./personal-hint.js";
import { StartForm } from "./start-form.js";
import { localiseTimes } from "./times.js";

const RETRY_MS = 2000;
const SLOW_MS = 1000;

class CustomerChat extends HTMLElement {
  #pane = null;
  #visit = 0; // counts looks at the server, and times the page was left: the answer to an earlier one is out of date

  connectedCallback() {
    this.texts = this.querySelector("[data-part=texts]").dataset;
    this.session = new CustomerSession(this.dataset.service);
    this.outbox = new Outbox(`customer-${this.dataset.service}`);
    this.startForm = new StartForm(this, this.dataset.service, this.session);
    this.transcript = new CustomerTranscript(this.dataset, this.session, this.texts);
    this.parentPage = new ParentPage({
      shown: () => this.#pane?.noteShown(),
      focused: () => this.#pane?.noteSeen(),
    });
    this.absence = new Absence(() => this.session.post(this.dataset.openUrl), () => this.#reload());
    this.absence.watch(this.stage);
    this.querySelector("[data-action=close]").hidden = !this.parentPage.isFraming;
    this.startForm.onSubmit((form) => this.#start(form));
    this.addEventListener("click", (event) => this.#clicked(event));
    this.addEventListener("keydown", (event) => event.key === "Escape" && closeMenus(this));
    this.addEventListener("submit", (event) => this.#submitted(event));
    window.addEventListener("pagehide", () => this.#leave());
    window.addEventListener("pageshow", (event) => event.persisted && this.#comeBack());
    this.session.onChangeElsewhere(() => this.#comeBack());
    localiseTimes(this);
    this.startForm.begin();
    this.parentPage.tell({ type: "ready" });
    const link = this.session.takeLink();
    if (this.session.token || link) this.#resume(link);
    else this.#welcome();
  }

  get stage() {
    return this.querySelector(".customer-chat-stage");
  }

  // Into the chat

  /** Without a chat nothing can be unsent in one. If the customer types already, the cursor stays where it is. */
  #welcome() {
    keepOnly(this.outbox, 0);
    if (!this.contains(document.activeElement)) this.#focus(this.querySelector("input[name=name]"));
  }

  /** Somebody who writes on the page around the chat goes on writing there: the frame takes no focus that it hasn't. */
  #focus(part) {
    if (document.hasFocus()) part?.focus();
  }

  async #resume(link = "") {
    const visit = ++this.#visit;
    const unsent = this.outbox.all().map((entry) => entry.client_id).join(" ");
    const response = await this.session.post(this.dataset.resumeUrl, { unsent, link });
    const html = response?.status === 200 ? await response.text().catch(() => null) : null;
    if (visit !== this.#visit) return;
    if (html !== null) this.#resumed(response, html);
    else if (!response || response.status === 200 || response.status >= 500) this.#tryAgain(visit, link);
    else this.#nothingToResume(link);
  }

  /** Whoever came by a link is known from now on. */
  #resumed(response, html) {
    const token = response.headers.get("X-Chat-Token");
    if (token) this.session.begin(token);
    this.#show(html);
  }

  #tryAgain(visit, link) {
    this.#notice(this.texts.offline);
    setTimeout(() => visit === this.#visit && this.#resume(link), RETRY_MS);
  }

  #nothingToResume(link) {
    keepOnly(this.outbox, 0);
    this.#tellRunning(false);
    if (link) this.#notice(this.texts.linkEnded);
    if (this.stage.dataset.stage === "away") this.#reload();
  }

  /** The browser's Back shows a page as it was left. So the chat is taken out of it: by then its text may be masked. */
  #leave() {
    this.#visit += 1;
    if (!this.#pane) return;
    this.#pane.leave();
    this.#pane = null;
    this.stage.replaceWith(this.querySelector("template[data-part=away]").content.cloneNode(true));
  }

  #comeBack() {
    if (this.session.token) this.#resume();
    else if (this.stage.dataset.stage !== "start") this.#reload();
  }

  #reload() {
    window.location.replace(this.dataset.panelUrl);
  }

  async #start(form) {
    const visit = this.#visit;
    this.#notice("");
    const slow = setTimeout(() => this.#notice(this.texts.starting), SLOW_MS);
    const response = await this.startForm.send(form, this.parentPage.address || document.referrer);
    clearTimeout(slow);
    const type = response?.headers.get("Content-Type") || "";
    if (!type.startsWith("text/html") || response.status >= 500) {
      return this.#notice(await failureOf(response, this.texts));
    }
    this.#notice("");
    // If no agent is there any more, what was typed goes on to the inquiry form.
    this.startForm.draft.keep(form);
    const html = await response.text();
    if (visit === this.#visit) this.#show(html);
    else this.#comeBack();
  }

  // What is shown

  #show(html) {
    this.#pane?.leave();
    this.#pane = null;
    this.#notice("");
    this.stage.outerHTML = html;
    for (const id of this.stage.dataset.stored?.split(" ") || []) this.outbox.remove(id);
    localiseTimes(this.stage);
    this.absence.watch(this.stage);
    const { stage, state } = this.stage.dataset;
    this.#showEndButton(state);
    this.#tellRunning(stage === "chat" && state !== "closed");
    if (stage === "chat") this.#showChat(state);
    else this.#showForm();
  }

  #showForm() {
    this.startForm.begin();
    const name = this.stage.querySelector("input[name=name]");
    this.#focus(this.stage.querySelector("[aria-invalid=true]") || name);
  }

  #showChat(state) {
    keepOnly(this.outbox, Number(this.stage.dataset.chat));
    this.startForm.draft.forget();
    this.#pane = new CustomerPane(this.stage, {
      session: this.session,
      outbox: this.outbox,
      texts: this.texts,
      path: this.dataset.socket,
      notice: (text) => this.#notice(text),
      stateChanged: (now) => this.#stateChanged(now),
      messageCame: () => this.parentPage.tell({ type: "message" }),
      hasFocus: () => document.hasFocus() || this.parentPage.hasFocus,
      refused: (token) => (token === this.session.token ? this.#startOver() : this.#comeBack()),
    });
    if (state !== "closed") this.#focus(this.#pane);
  }

  #stateChanged(state) {
    this.#showEndButton(state);
    // A customer who is served by now is not asked any more about leaving the queue.
    if (state === "active" || state === "closed") this.querySelector("dialog[data-part=leave]").close();
    this.#tellRunning(state !== "closed");
  }

  #showEndButton(state) {
    this.querySelector("[data-action=end].button").hidden = state !== "active";
    const more = this.querySelector("[data-part=more]");
    more.hidden = state !== "active"; // at the end its buttons are below the conversation
    more.open = false;
    more.querySelector("[data-action=mail]").hidden = !this.stage.dataset.email;
  }

  #tellRunning(running) {
    this.parentPage.tell({ type: "state", running });
  }

  #notice(text, isGood = false) {
    const notice = this.querySelector("[data-part=notice]");
    notice.classList.toggle("notice-success", isGood);
    notice.classList.toggle("notice-warning", !isGood);
    notice.hidden = !text;
    notice.firstElementChild.textContent = text;
  }

  // Buttons

  #clicked(event) {
    const button = event.target.closest("[data-action]");
    closeMenus(this, event.target);
    switch (button?.dataset.action) {
      case "close":
        return this.parentPage.tell({ type: "close" });
      case "end":
      case "leave":
        return this.querySelector(`dialog[data-part=${button.dataset.action}]`).showModal();
      case "dismiss":
        return button.closest("dialog").close();
      case "confirm":
        button.closest("dialog").close();
        return this.#end();
      case "restart":
        return this.#startAnew();
      case "save":
      case "mail":
        return this.#take(button);
      case "again":
        return window.location.assign(this.dataset.panelUrl);
      case "contact":
        return this.#contact(event);
    }
  }

  /** Makes the chat an inquiry. The form is wanted only if nothing was written, and an address only if none is known. */
  async #inquire(form) {
    const email = form.elements.namedItem("email");
    if (email && !email.checkValidity()) {
      this.#askForEmail(form, email);
      return;
    }
    const fields = { email: email?.value || "", message: this.#pane.unsent };
    const response = await withButtonOff(form, () => this.session.post(form.action, fields));
    if (response?.status === 409) this.#contactForm();
    else if (response?.status !== 200) this.#notice(await failureOf(response, this.texts));
    else this.#inquired(await response.text());
  }

  #askForEmail(form, email) {
    const field = form.querySelector("[data-part=inquiry-email]");
    const asked = !field.hidden;
    field.hidden = false;
    if (asked) this.#notice(this.texts.email);
    email.focus();
  }

  /** What was typed and not sent is in the inquiry. */
  #inquired(html) {
    keepOnly(this.outbox, 0);
    this.#show(html);
    this.stage.querySelector("[data-part=status]").scrollIntoView({ block: "nearest" });
  }

  #submitted(event) {
    if (!event.target.matches("[data-part=inquiry]")) return;
    event.preventDefault();
    this.#inquire(event.target);
  }

  async #end() {
    const response = await this.session.post(this.dataset.endUrl);
    if (!response?.ok) this.#notice(await failureOf(response, this.texts));
  }

  /** Goes back to the first page: a new chat needs a new consent. */
  #startOver() {
    this.#pane?.close();
    this.session.end();
    this.startForm.draft.forget();
    window.location.assign(this.dataset.panelUrl);
  }

  /** Who starts a new chat after the end is the same person: name and address are filled in. */
  #startAnew() {
    const { name, email } = this.stage.dataset;
    this.#startOver();
    this.startForm.draft.begin({ name, email });
  }

  /** Saves the conversation, or has it mailed. */
  async #take(button) {
    const { chat, email } = this.stage.dataset;
    closeMenus(this);
    button.disabled = true;
    this.#notice("");
    const taken = await (button.dataset.action === "save" ? this.transcript.save(chat) : this.transcript.mail(chat, email));
    this.#notice(taken.text, taken.isDone);
    button.disabled = false;
  }

  #contact(event) {
    contactWith(this.#typed(), event, this.dataset.contactUrl, () => this.#fold());
  }

  #contactForm() {
    takeToContact(this, this.#typed(), this.dataset.contactUrl, () => this.#fold());
  }

  /** On a phone the chat covers the whole page, and the form is wanted now. The next page may come before the message. */
  #fold() {
    sessionStorage.removeItem(`contiple-chat-open:${this.dataset.service}`); // what the launcher keeps
    this.parentPage.tell({ type: "close" });
  }

  /** In a chat the server knows what was sent, and by which customer. */
  #typed() {
    if (!this.#pane) return this.startForm.draft.fields;
    return { token: this.session.token, message: this.#pane.unsent };
  }
}

customElements.define("customer-chat", CustomerChat);
