// The customer's chat, in a frame of its own: the form that starts it, the chat, and the way back into it.

import "./storage.js"; // before whatever stores
import { Absence } from "./absence.js";
import { keepOnly } from "./chat-drafts.js";
import { contactWith, takeToContact } from "./customer-contact.js";
import { enter, leave } from "./customer-member.js";
import { CustomerPane } from "./customer-pane.js";
import { CustomerSession, isMember, MEMBER } from "./customer-session.js";
import { CustomerTranscript } from "./customer-transcript.js";
import { failureOf, withButtonOff } from "./forms.js";
import { closeMenus } from "./menus.js";
import { loadScriptOf } from "./on-demand.js";
import { Outbox } from "./outbox.js";
import { ParentPage } from "./parent-page.js";
import "./personal-hint.js";
import { StartForm } from "./start-form.js";
import { localiseTimes } from "./times.js";

const RETRY_MS = 2000;
const SLOW_MS = 1000;

class CustomerChat extends HTMLElement {
  #pane = null;
  #form = null; // as the page came, while a chat is looked for; the page itself may have hidden it
  #running; // undefined until it is known
  #visit = 0; // counts looks at the server, and times the page was left: the answer to an earlier one is out of date

  connectedCallback() {
    this.#form = this.querySelector(".customer-chat-stage ~ .customer-chat-stage");
    this.#form?.remove();
    this.texts = this.querySelector("[data-part=texts]").dataset;
    this.session = new CustomerSession(this.dataset.service);
    this.outbox = new Outbox(`customer-${this.dataset.service}`);
    this.startForm = new StartForm(this, this.dataset.service, this.session);
    this.transcript = new CustomerTranscript(this.dataset, this.session, this.texts);
    this.parentPage = new ParentPage(this.dataset.sites, {
      hello: (known) => this.#greeted(known),
      shown: () => this.#pane?.noteShown(),
      focused: () => this.noteSeen(),
      moved: () => this.#pane?.notePage(),
    });
    this.absence = new Absence(() => this.session.post(this.stage.dataset.openUrl || this.dataset.openUrl), () => this.#reload());
    this.absence.watch(this.stage);
    this.querySelector("[data-action=close]").hidden = !this.parentPage.isFraming;
    this.startForm.onSubmit((form) => this.#start(form));
    this.addEventListener("click", (event) => this.#clicked(event));
    this.addEventListener("keydown", (event) => event.key === "Escape" && this.#escaped(event));
    this.addEventListener("submit", (event) => this.#submitted(event));
    this.addEventListener("chat-notice", (event) => this.#notice(event.detail));
    window.addEventListener("pagehide", () => this.#leave());
    window.addEventListener("pageshow", (event) => event.persisted && this.#comeBack());
    this.session.onChangeElsewhere(() => this.#comeBack());
    localiseTimes(this);
    this.startForm.begin();
    this.session.onKeep = (token) => this.parentPage.tell({ type: "keep", token });
    this.parentPage.greet();
    const link = this.session.takeLink();
    if ("member" in this.dataset && !link) this.#enter("");
    else if (this.session.token || link) this.#find(link);
    else this.#welcome();
  }

  get stage() {
    return this.querySelector(".customer-chat-stage");
  }

  // Into the chat

  /** Without a chat nothing can be unsent in one. If the customer types already, the cursor stays where it is. */
  #welcome() {
    this.#restore();
    keepOnly(this.outbox, 0);
    this.#tellRunning(false);
    if (!this.contains(document.activeElement)) this.#focus(this.querySelector("input[name=name]"));
  }

  /** Somebody who writes on the page around the chat goes on writing there: the frame takes no focus that it hasn't. */
  #focus(part) {
    if (document.hasFocus()) part?.focus();
  }

  /** The page around keeps the token where the storage of this frame doesn't. */
  #greeted({ token, person }) {
    if (person === null) return this.#signOut(token);
    if (person) this.startForm.offer(person);
    const isNew = token && token !== MEMBER && !this.session.token;
    if (isNew) this.session.begin(token);
    if (person?.token) this.#enter(String(person.token));
    else if (isNew) this.#find();
    else this.#tellState();
  }

  /** A chat that may be there is waited for: until then no form asks for what is known. */
  #find(link) {
    this.#seek();
    this.#resume(link);
  }

  #seek() {
    if (this.stage.dataset.stage === "away") return;
    this.#form = this.stage;
    this.stage.replaceWith(this.#away());
  }

  /** Nobody is known: the form is shown as the page came. */
  #restore() {
    if (this.stage.dataset.stage !== "away") return;
    if (!this.#form) return this.#reload();
    this.stage.replaceWith(this.#form);
    this.absence.watch(this.stage);
    this.#showForm();
  }

  /** The site vouches for its member, or the help center does. A running chat of that member goes on as it is. */
  async #enter(vouched) {
    const { token } = this.session;
    const visit = ++this.#visit;
    if (token && !this.#pane) this.#seek();
    const response = await enter(this.session, this.dataset.memberUrl, vouched, this.parentPage);
    if (visit !== this.#visit || (response && this.#pane && token === this.session.token)) return;
    const html = await response?.text().catch(() => "");
    if (html) this.#show(html);
    else if (token && !this.#pane) this.#resume();
    else if (!token) this.#welcome();
  }

  /** The member has signed out of the site. */
  #signOut(kept) {
    const token = this.session.token || kept;
    if (!isMember(token)) return this.#tellState();
    if (token === MEMBER) return this.session.onKeep(""); // it has ended already
    this.#leave();
    this.#tellRunning(false);
    this.startForm.draft.forget();
    leave(this.session, this.dataset.memberEndUrl, token).then(() => this.#reload());
  }

  #away() {
    return this.querySelector("template[data-part=away]").content.cloneNode(true);
  }

  async #resume(link = "", more = {}) {
    const visit = ++this.#visit;
    const unsent = this.outbox.all().map((entry) => entry.client_id).join(" ");
    const response = await this.session.post(this.dataset.resumeUrl, { unsent, link, ...more });
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
    this.querySelector("[data-action=past]").hidden = true;
    this.#tellRunning(false);
    this.#notice(link ? this.texts.linkEnded : "");
    this.#restore();
  }

  /** The browser's Back shows a page as it was left. So the chat is taken out of it: by then its text may be masked. */
  #leave() {
    this.#visit += 1;
    this.#past?.remove();
    if (!this.#pane) return;
    this.#pane.leave();
    this.#pane = null;
    this.#form = null;
    this.stage.replaceWith(this.#away());
  }

  #comeBack() {
    this.#past?.remove();
    if (this.session.token) this.#resume();
    else if (this.stage.dataset.stage !== "start" || this.stage.querySelector(".member-line")) this.#reload();
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
    this.querySelector("[data-action=past]").hidden = !this.session.isMember;
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
    const { name, email } = this.stage.dataset;
    this.startForm.kept.begin({ name, email });
    this.#pane = new CustomerPane(this.stage, {
      session: this.session,
      outbox: this.outbox,
      texts: this.texts,
      path: this.dataset.socket,
      notice: (text) => this.#notice(text),
      stateChanged: (now) => this.#stateChanged(now),
      unreadChanged: () => this.#tellState(),
      page: () => this.parentPage.address,
      hasFocus: () => !this.#past && (document.hasFocus() || this.parentPage.hasFocus),
      refused: (token) => (token === this.session.token ? this.#startOver() : this.#comeBack()),
    });
    if (state !== "closed") this.#focus(this.#pane);
  }

  #stateChanged(state) {
    this.#showEndButton(state);
    // A customer who is served by now is not asked any more about leaving the queue.
    if (state === "active" || state === "closed") this.querySelector("dialog[data-part=leave]").close();
    this.#tellRunning(state !== "closed");
    if (state === "closed") this.#keepFocus();
  }

  /** What had the focus may be gone. The conversation does nothing by a key that was meant for something else. */
  #keepFocus() {
    const focused = document.activeElement;
    if (focused === document.body || !focused?.checkVisibility()) this.#focus(this.querySelector(".conversation-scroll"));
  }

  #showEndButton(state) {
    if (state === "waiting") loadScriptOf(this.stage.querySelector("suggested-articles"));
    this.querySelector("[data-action=end].button").hidden = state !== "active";
    const more = this.querySelector("[data-part=more]");
    more.hidden = state !== "active"; // at the end its buttons are below the conversation
    more.open = false;
    more.querySelector("[data-action=mail]").hidden = !this.stage.dataset.email;
  }

  #tellRunning(running) {
    this.#running = running;
    this.#tellState();
  }

  #tellState() {
    const unread = this.#pane ? this.#pane.unread : 0;
    this.#past?.note?.(unread);
    if (this.#running !== undefined) this.parentPage.tell({ type: "state", running: this.#running, unread });
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
      case "forget":
        closeMenus(this);
        return this.querySelector(`dialog[data-part=${button.dataset.action}]`).showModal();
      case "dismiss":
        return button.closest("dialog").close();
      case "confirm":
        button.closest("dialog").close();
        return this.#end();
      case "confirm-forget":
        button.closest("dialog").close();
        return this.#forget();
      case "restart":
        return this.#startAnew();
      case "past":
        return this.#readPast(button);
      case "save":
      case "mail":
        return this.#take(button);
      case "again":
        return window.location.assign(this.dataset.panelUrl);
      case "contact":
        return this.#contact(event);
    }
  }

  /** Closes what is open, or else folds the chat. An open dialog, and a composition, take the key for themselves. */
  #escaped(event) {
    if (event.isComposing || event.defaultPrevented || this.querySelector("dialog[open]") || closeMenus(this)) return;
    this.parentPage.tell({ type: "close" });
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

  /** Removes the chat, and what is known of the person, from this device. The server lets nobody in by its token. */
  async #forget() {
    const response = await this.session.post(this.dataset.forgetUrl);
    if (!response?.ok) return this.#notice(await failureOf(response, this.texts));
    this.#pane?.close();
    this.session.forget();
    window.location.replace(this.dataset.panelUrl);
  }

  /** A member of the site starts a new chat after the end without being asked anew. */
  #startAnew() {
    if (this.session.isMember) return this.#resume("", { anew: "1" });
    this.#startOver();
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

  get #past() {
    return this.querySelector("past-chats");
  }

  /** Earlier chats are shown by a script of their own: few ask for them. */
  #readPast(button) {
    if (this.#past) return;
    this.append(document.createElement("past-chats"));
    loadScriptOf(button)?.addEventListener("error", () => this.#past?.remove());
  }

  /** The chat is in view again. */
  noteSeen() {
    this.#pane?.noteSeen();
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
    const token = this.session.isMember ? this.session.token : "";
    if (!this.#pane) return { ...this.startForm.draft.fields, token };
    return { token: this.session.token, message: this.#pane.unsent };
  }
}

customElements.define("customer-chat", CustomerChat);
