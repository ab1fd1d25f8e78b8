// Offers articles of the help center: while the customer types in a form, or while the chat waits. They are read in a
// dialog over the form or the chat, which goes on beneath. What is typed goes in the body of a request, and stays in the
// form whatever happens here.

const PAUSE_MS = 400; // since the last key
const COMPOSING_MS = 1000; // the last syllable may be half of one
const WAITING_MS = 1000; // many chats find an agent at once
const SAID_AFTER_MS = 1500; // a screen reader says the keys that are typed first
const FIELDS = ["subject", "message"]; // those of them that the form has
const LETTERS_MIN = 4;
const TEXT_LENGTH = 400; // as much as the server reads
const RETRY_S = 60; // after a refusal that doesn't say it
const RETRY_MS = 2000; // after no answer
const RETRIES = 5; // of this page view: an offer is not worth more

// Of this page view: its id, by which an act is counted once, and what it has seen.
const view = Array.from(crypto.getRandomValues(new Uint32Array(4)), (number) => number.toString(36)).join("");
const seen = new Set();
let isAsking = false; // the form and the chat after it take turns: what one has been given the other names as seen
let isDismissed = false;
let solved = null; // where to say that the customer whom an article helped leaves

class SuggestedArticles extends HTMLElement {
  #asked = "";
  #retries = 0;
  #timer = 0;
  #saidTimer = 0;
  #said = "";
  #held = null; // an answer that comes while the customer is about to do something else
  #notBefore = 0;
  #observer = new MutationObserver(() => this.#stateChanged());

  connectedCallback() {
    this.chat = this.closest("customer-chat"); // null beside the form of an inquiry
    this.form = this.closest("form"); // null in a chat
    this.stage = this.closest("[data-stage]");
    this.status = Object.assign(document.createElement("p"), { className: "visually-hidden", role: "status" });
    this.offer = document.createElement("div");
    this.replaceChildren(this.status, this.offer);
    this.addEventListener("click", (event) => this.#clicked(event));
    if (this.form) this.#watchForm();
    else this.#watchChat();
  }

  disconnectedCallback() {
    clearTimeout(this.#timer);
    clearTimeout(this.#saidTimer);
    this.#observer.disconnect();
    this.chat?.removeEventListener("click", this.#left);
  }

  // When it asks

  #watchForm() {
    this.fields = FIELDS.map((name) => this.form.elements.namedItem(name)).filter(Boolean);
    for (const field of this.fields) {
      field.addEventListener("input", (event) => this.#later(event.isComposing ? COMPOSING_MS : PAUSE_MS));
      field.addEventListener("compositionend", () => this.#later(PAUSE_MS));
    }
    this.form.addEventListener("focusin", () => this.#showHeld());
    this.form.addEventListener("submit", () => (solved = null));
    this.#later(PAUSE_MS); // the key by which this script was loaded
  }

  /** Asks when the chat begins to wait, and after each message of the customer. */
  #watchChat() {
    this.#observer.observe(this.stage, { attributeFilter: ["data-state"] });
    this.#observer.observe(this.stage.querySelector(".conversation"), { childList: true });
    this.chat.addEventListener("click", this.#left);
    this.#stateChanged();
  }

  #stateChanged() {
    const { state } = this.stage.dataset;
    if (state === "waiting") this.#later(WAITING_MS);
    if (["waiting", "ringing"].includes(state)) return;
    this.#asked = ""; // a chat may come back into the queue
    if (state === "active") solved = null;
    if (!this.#dialog?.open) this.offer.replaceChildren();
    else if (state === "active") this.querySelector("[data-part=came]").hidden = false;
  }

  #later(pause) {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#ask(), pause);
  }

  /** What is to be answered: as it was typed, or the number of own messages; "" if there is nothing to ask. */
  get #wanted() {
    if (isDismissed) return "";
    if (!this.form) return this.#waits ? `${this.#ownMessages}` : "";
    const text = this.fields.map((field) => field.value.trim()).join(" ").trim().slice(0, TEXT_LENGTH);
    const letters = text.replace(/[가-힣]/g, "xx").length; // a syllable is as much as two letters
    return letters >= LETTERS_MIN || /\S\s+\S/.test(text) ? text : "";
  }

  get #waits() {
    return this.stage.dataset.state === "waiting";
  }

  get #ownMessages() {
    return this.stage.querySelectorAll(".conversation > .message[data-seq][data-author=customer]").length;
  }

  /** One request at a time: the answer to an earlier text never takes the place of a later one's. */
  async #ask() {
    const wanted = this.#wanted;
    if (!wanted && this.form) this.#take("");
    if (!wanted || wanted === this.#asked || Date.now() < this.#notBefore) return;
    if (isAsking) return void this.#later(PAUSE_MS);
    this.#asked = wanted;
    isAsking = true;
    const fields = { view, seen: [...seen].join(" ") };
    const response = await this.#post(this.dataset.url, this.form ? { ...fields, text: wanted } : fields);
    const html = response?.status === 200 ? await response.text().catch(() => "") : "";
    isAsking = false;
    for (const [, article] of html.matchAll(/data-article="(\d+)"/g)) seen.add(article); // counted, shown or not
    if (response?.status === 429) this.#notBefore = Date.now() + 1000 * (Number(response.headers.get("Retry-After")) || RETRY_S);
    if (!this.isConnected || !this.#wanted) return void (this.#asked = "");
    if (response?.ok) this.#take(html);
    else if ((!response || response.status >= 500) && this.#retries++ < RETRIES) this.#askAgain();
    if (this.#wanted !== wanted) this.#later(PAUSE_MS);
  }

  #askAgain() {
    this.#asked = "";
    this.#later(RETRY_MS);
  }

  #post(url, fields) {
    if (this.chat) return this.chat.session.post(url, fields);
    const headers = { "X-Requested-With": "fetch" };
    const address = new URL(url, window.location.href);
    address.searchParams.set("language", document.documentElement.lang);
    return fetch(address, { method: "POST", body: new URLSearchParams(fields), headers }).catch(() => null);
  }

  // What is offered

  /** Nothing moves under somebody who reads the offer, or who is at what stands below it. */
  async #take(html) {
    this.#held = html;
    if (html) await this.#style(html);
    this.#showHeld();
  }

  #showHeld() {
    const { activeElement } = document;
    const isBelow = this.form?.contains(activeElement) && this.compareDocumentPosition(activeElement) & this.DOCUMENT_POSITION_FOLLOWING;
    if (this.#held === null || isBelow || this.#dialog?.open || this.offer.contains(activeElement)) return;
    const html = this.#held;
    this.#held = null;
    this.offer.innerHTML = html;
    this.#dialog?.addEventListener("close", () => this.#closed());
    this.#sayLater();
  }

  get #dialog() {
    return this.offer.querySelector("dialog");
  }

  /** The style sheet comes with the first offer. */
  #style(html) {
    this.styled ||= new Promise((done) => {
      const offer = new DOMParser().parseFromString(html, "text/html");
      const { style } = offer.querySelector("[data-style]").dataset;
      const link = Object.assign(document.createElement("link"), { rel: "stylesheet", href: style });
      link.onload = link.onerror = done;
      document.head.append(link);
    });
    return this.styled;
  }

  /** The number is said once, when it has settled. */
  #sayLater() {
    clearTimeout(this.#saidTimer);
    this.#saidTimer = setTimeout(() => {
      const words = this.offer.querySelector("[data-part=count]")?.textContent.trim() || "";
      if (words && words !== this.#said) this.status.textContent = words;
      this.#said = words || this.#said;
    }, SAID_AFTER_MS);
  }

  #dismiss() {
    isDismissed = true;
    this.#held = null;
    this.offer.replaceChildren();
    this.status.textContent = "";
    this.#focusWriting();
  }

  #focusWriting() {
    const field = this.fields?.at(-1) || this.stage.querySelector("[data-part=composer] textarea");
    field?.focus({ preventScroll: true });
  }

  // Reading

  #clicked(event) {
    const link = event.target.closest("a[data-article]");
    const button = event.target.closest("button");
    if (link && !(event.ctrlKey || event.metaKey || event.shiftKey)) {
      event.preventDefault();
      this.#open(link);
    } else if (button?.dataset.act) this.#judge(button);
    else if (button) this.#pressed(button.dataset.part);
  }

  #pressed(part) {
    if (part === "dismiss") this.#dismiss();
    else if (part === "back" || part === "came") this.#dialog.close();
    else if (part === "again") this.#read();
  }

  #open(link) {
    this.opened = link.dataset;
    this.#dialog.showModal();
    this.#read();
  }

  async #read() {
    const { opened } = this;
    const [body, loading, failed] = ["body", "loading", "failed"].map((part) => this.#dialog.querySelector(`[data-part=${part}]`));
    body.replaceChildren();
    loading.hidden = false;
    failed.hidden = true;
    const response = await this.#post(opened.url, { view });
    const html = response?.status === 200 ? await response.text().catch(() => "") : "";
    if (this.opened !== opened || !this.#dialog?.open) return;
    loading.hidden = true;
    failed.hidden = Boolean(html);
    body.innerHTML = html;
    for (const link of body.querySelectorAll("a[href]")) Object.assign(link, { target: "_blank", rel: "nofollow noopener" });
    body.scrollTop = 0;
    body.focus();
  }

  /** The same link has the focus again, by the browser; if it is gone, the box in which is written has it. */
  #closed() {
    const hasCome = this.stage && !this.form && !["waiting", "ringing"].includes(this.stage.dataset.state);
    if (hasCome) this.offer.replaceChildren();
    if (hasCome || document.activeElement === document.body) this.#focusWriting();
    if (!this.form) this.chat.noteSeen();
    this.#showHeld();
  }

  async #judge(button) {
    const ask = button.closest("[data-part=ask]");
    const { act } = button.dataset;
    const { judgeUrl } = this.opened;
    for (const each of ask.querySelectorAll("button")) each.disabled = true;
    const response = await this.#post(judgeUrl, { view, act, place: this.chat ? "" : "inquiry" });
    const html = response?.status === 200 ? await response.text().catch(() => "") : "";
    for (const each of ask.querySelectorAll("button")) each.disabled = false;
    if (!ask.isConnected) return;
    this.#dialog.querySelector("[data-part=failed]").hidden = Boolean(html);
    if (!html) return;
    if (act === "helped") solved = judgeUrl;
    ask.outerHTML = html;
    const thanks = this.querySelector("[data-part=thanks]");
    if (window.parent === window) thanks.querySelector("[data-action=close]")?.remove();
    thanks.focus();
    thanks.scrollIntoView({ block: "end" });
  }

  /** The customer confirms to leave the queue. */
  #left = (event) => {
    if (event.target.closest("dialog:not([data-part=end]) [data-action=confirm]")) leave();
  };
}

/** Tells that the customer leaves without a chat. */
function leave() {
  if (!solved) return;
  fetch(solved, { method: "POST", body: new URLSearchParams({ view, act: "left" }), keepalive: true }).catch(() => null);
  solved = null;
}

// A form that is still there was not sent. Whoever waits leaves by a button.
window.addEventListener("pagehide", () => document.querySelector("form:is([data-stage=start], [data-draft])") && leave());

customElements.define("suggested-articles", SuggestedArticles);
