// What an agent types in a chat is kept on the server, so another tab or device of the agent goes on with it. While the
// server can't be reached it stays in this tab's storage, where the composer keeps it anyway.
//
// A message and a note have a draft each. What was written elsewhere meanwhile is never overwritten, and never replaces
// what was typed here: a line above the box shows it, and the agent chooses.

import { draftKey } from "./chat-drafts.js";

const KEEP_AFTER_MS = 1000;
const KINDS = { reply: "", note: ":note" }; // and where the composer keeps their texts, after the chat's key
const NONE = { stamp: "", body: "" };

class ChatDraft extends HTMLElement {
  #ends = new AbortController();
  #view = null;
  #kept = {}; // by kind: the stamp of the draft that this tab has seen, and what was typed here for it
  #newer = {}; // by kind: what another device has kept meanwhile
  #timers = {};
  #under = new Set(); // kinds whose words are under way: the next ones wait, so that the last ones stay

  disconnectedCallback() {
    this.#keepAll();
    this.#ends.abort();
  }

  /** `view` is the chat on display. */
  begin(view) {
    const { signal } = this.#ends;
    this.#view = view;
    this.key = draftKey(view.outbox, view.chat);
    this.form = this.closest("form");
    this.box = this.form.querySelector("textarea");
    this.#kept = read(`${this.key}:kept`);
    for (const type of ["input", "change"]) this.box.addEventListener(type, () => this.#noted(), { signal });
    document.addEventListener("visibilitychange", () => (document.hidden ? this.#keepAll() : this.#takeOver()), { signal });
    window.addEventListener("focus", () => this.#takeOver(), { signal });
    window.addEventListener("pagehide", () => this.#keepAll(), { signal });
    // The line is back.
    window.addEventListener("online", () => this.#keepAll(), { signal });
    view.socket.addEventListener("open", () => this.#keepAll(), { signal });
    this.addEventListener("click", ({ target }) => this.#chosen(target.closest("[data-draft]")?.dataset.draft));
    this.#meetAll(JSON.parse(this.dataset.drafts));
  }

  get #kind() {
    return this.form.dataset.mode || "reply";
  }

  #typed(kind) {
    return sessionStorage.getItem(this.key + KINDS[kind]) || "";
  }

  #keptOf(kind) {
    return this.#kept[kind] || { stamp: "", text: "" };
  }

  #isUnkept(kind) {
    return this.#typed(kind) !== this.#keptOf(kind).text;
  }

  /** The box has changed; the composer stores its text in this turn. */
  #noted() {
    const kind = this.#kind;
    if (kind in KINDS) this.#keepIn(this.box.value.trim() ? KEEP_AFTER_MS : 0, kind);
    this.#showNewer();
  }

  #keepIn(ms, kind) {
    clearTimeout(this.#timers[kind]);
    this.#timers[kind] = setTimeout(() => this.#keep(kind), ms);
  }

  #keepAll() {
    if (this.#view) for (const kind of Object.keys(KINDS)) this.#keep(kind);
  }

  async #keep(kind) {
    if (this.#newer[kind] || !this.#isUnkept(kind)) return;
    if (this.#under.has(kind)) return this.#keepIn(KEEP_AFTER_MS, kind);
    clearTimeout(this.#timers[kind]);
    this.#under.add(kind);
    const text = this.#typed(kind);
    const body = new URLSearchParams({ kind, body: text, seen: this.#keptOf(kind).stamp });
    const response = await this.#ask({ method: "POST", body, keepalive: true });
    const answer = await response?.json().catch(() => null);
    this.#under.delete(kind);
    if (response?.ok && answer) this.#note(kind, { stamp: answer.stamp, text });
    else if (response?.status === 409 && answer?.stamp) this.#meet(kind, answer);
  }

  /** Takes over what was written elsewhere, or empties a box whose text was sent there. */
  async #takeOver() {
    if (document.hidden || this.#under.size) return;
    const response = await this.#ask({});
    const drafts = response?.ok && !response.redirected ? await response.json().catch(() => null) : null;
    if (drafts && this.isConnected && !this.#under.size) this.#meetAll(drafts);
  }

  #meetAll(drafts) {
    for (const kind of Object.keys(KINDS)) this.#meet(kind, drafts[kind] || NONE);
    this.#keepAll();
  }

  /** The server has this draft. */
  #meet(kind, { stamp, body }) {
    const isSeen = stamp === this.#keptOf(kind).stamp;
    if (isSeen || body === this.#typed(kind)) {
      delete this.#newer[kind];
      if (!isSeen) this.#note(kind, { stamp, text: body });
    } else if (!this.#isUnkept(kind)) {
      this.#put(kind, { stamp, body });
    } else if (body) {
      this.#newer[kind] = { stamp, body };
    } else {
      this.#note(kind, { stamp, text: "" }); // what is typed here is all there is
    }
    this.#showNewer();
  }

  #put(kind, { stamp, body }) {
    delete this.#newer[kind];
    this.#note(kind, { stamp, text: body });
    if (kind === this.#kind) this.#view.composer.text = body;
    else sessionStorage.setItem(this.key + KINDS[kind], body);
  }

  #note(kind, kept) {
    this.#kept[kind] = kept;
    sessionStorage.setItem(`${this.key}:kept`, JSON.stringify(this.#kept));
  }

  #chosen(choice) {
    const kind = this.#kind;
    const newer = this.#newer[kind];
    if (!choice || !newer) return;
    if (choice === "take") this.#put(kind, newer);
    delete this.#newer[kind];
    this.#note(kind, { stamp: newer.stamp, text: newer.body });
    this.#showNewer();
    this.#keep(kind);
    this.#view.composer.focus();
  }

  #showNewer() {
    const line = this.querySelector("[data-part=newer]");
    const newer = this.#newer[this.#kind];
    line.hidden = !newer;
    line.querySelector("[data-part=newer-text]").textContent = newer?.body || "";
  }

  /** Returns the answer, or null if there is none: the words are still in this tab then. */
  #ask(options) {
    const headers = { ...this.#view.proof(), "X-Requested-With": "fetch" };
    return fetch(this.dataset.url, { headers, ...options }).catch(() => null);
  }
}

function read(key) {
  try {
    return JSON.parse(sessionStorage.getItem(key)) || {};
  } catch {
    return {};
  }
}

customElements.define("chat-draft", ChatDraft);
