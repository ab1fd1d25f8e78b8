// Search in the conversation on display: also in what is not loaded, by the server, which knows the masked text alone.
// Matches are counted from the newest, and Enter goes on to older ones. The field searches while a syllable is composed.

import { ConversationParts } from "./conversation-parts.js";
import { paint } from "./highlights.js";
import { show } from "./quotes.js";
import { formatTime } from "./times.js";

const PAUSE_MS = 200; // in typing
const LONE_LETTER = /[\u3131-\u318e]$/; // the first key of a Korean syllable

class ConversationSearch extends HTMLElement {
  #conversation;
  #parts;
  #found = { places: [], more: false };
  #at = 0;
  #isMissed = false; // the match could not be loaded: the next step tries it again
  #asked = 0; // the number of the last question: an answer to an older one comes too late
  #text = "";
  #timer = 0;
  #lastSeq = 0;

  /** `view` has the `conversation` that is searched. */
  begin({ conversation }) {
    this.#conversation = conversation;
    this.#parts = new ConversationParts(conversation, this.dataset.aroundUrl);
    this.addEventListener("keydown", (event) => this.#pressed(event));
    this.addEventListener("click", (event) => this.#clicked(event));
    this.#field.addEventListener("input", (event) => this.#typed(event));
    this.#days.addEventListener("change", () => this.#showDay());
    conversation.list.addEventListener("arranged", () => this.#changed());
    conversation.scroll.addEventListener("place-wanted", (event) => this.#follow(event));
  }

  disconnectedCallback() {
    clearTimeout(this.#timer);
    this.#asked += 1;
    this.#parts?.leave();
    paint(this, []);
  }

  toggle(open = this.hidden) {
    this.hidden = !open;
    this.#opener?.setAttribute("aria-expanded", String(open));
    if (open) {
      this.#field.focus();
      this.#field.select();
      this.#loadDays();
      this.#search();
    } else {
      this.#opener?.focus();
      this.#paint();
    }
  }

  get #field() {
    return this.querySelector("input");
  }

  get #days() {
    return this.querySelector("select");
  }

  get #opener() {
    return this.closest("[data-chat]").querySelector("[data-action=search]");
  }

  #pressed(event) {
    if (event.isComposing || event.keyCode === 229) return;
    if (event.key === "Escape") {
      event.preventDefault();
      this.toggle(false);
    } else if (event.key === "Enter" && event.target === this.#field) {
      event.preventDefault();
      if (this.#found.places.length && this.#field.value.trim() === this.#text) this.#go(event.shiftKey ? -1 : 1);
      else this.#search();
    }
  }

  #clicked(event) {
    const act = event.target.closest("[data-search]")?.dataset.search;
    if (act === "close") this.toggle(false);
    else if (act) this.#go(act === "older" ? 1 : -1);
  }

  #typed(event) {
    if (event.isComposing && LONE_LETTER.test(this.#field.value)) return;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#search(), PAUSE_MS);
  }

  async #search() {
    clearTimeout(this.#timer);
    this.#text = this.#field.value.trim();
    this.#found = { places: [], more: false }; // what an older question found is no answer
    const found = await this.#ask();
    if (!found) return;
    this.#found = found;
    this.#at = 0;
    await this.#showMatch();
  }

  /** Returns what was found; nothing if the question has changed meanwhile, or if there was no answer. */
  async #ask() {
    const number = (this.#asked += 1);
    this.#lastSeq = this.#conversation.lastSeq;
    if (!this.#text) return { places: [], more: false };
    const found = await this.#fetch(`${this.dataset.searchUrl}?q=${encodeURIComponent(this.#text)}`);
    if (number !== this.#asked) return null;
    if (!found) this.querySelector("[data-part=found]").textContent = this.dataset.failed;
    return found;
  }

  async #go(by) {
    const { length } = this.#found.places;
    if (!length) return;
    if (!this.#isMissed) this.#at = (this.#at + by + length) % length;
    await this.#showMatch();
  }

  async #showMatch() {
    const number = this.#asked;
    this.#tell();
    const message = this.#place && (await this.#parts.load(this.#place));
    if (number !== this.#asked) return;
    this.#isMissed = message === null;
    message?.scrollIntoView({ block: "center" });
    this.#paint();
  }

  get #place() {
    return this.#found.places[this.#at];
  }

  #tell() {
    const { places, more } = this.#found;
    const at = this.dataset.at.replace("{at}", this.#at + 1).replace("{total}", `${places.length}${more ? "+" : ""}`);
    const text = places.length ? at : this.#text && this.dataset.none;
    this.querySelector("[data-part=found]").textContent = text;
    for (const button of this.querySelectorAll("[data-search=older], [data-search=newer]")) button.disabled = places.length < 2;
  }

  #paint() {
    const places = this.hidden ? [] : this.#found.places;
    const messages = places.map((place) => this.#conversation.messageAt(place)).filter(Boolean);
    paint(this, messages, this.#text, this.#conversation.messageAt(this.#place));
  }

  /** The list of messages has changed: a match may be in a new one. The one on display stays. */
  async #changed() {
    if (this.hidden || !this.#text) return;
    this.#paint();
    if (this.#lastSeq === this.#conversation.lastSeq) return;
    const place = this.#place;
    const found = await this.#ask();
    if (!found) return;
    this.#found = found;
    this.#at = Math.max(0, found.places.indexOf(place));
    this.#tell();
    this.#paint();
  }

  async #loadDays() {
    const { timeZone } = Intl.DateTimeFormat().resolvedOptions();
    const days = await this.#fetch(`${this.dataset.daysUrl}?zone=${encodeURIComponent(timeZone || "")}`);
    if (days) this.#days.replaceChildren(this.#days.options[0], ...days.map(optionOf));
  }

  async #showDay() {
    const seq = Number(this.#days.value);
    this.#days.value = "";
    const message = seq && (await this.#parts.load(seq));
    if (!message) return;
    const day = message.previousElementSibling;
    (day?.matches(".day-separator") ? day : message).scrollIntoView({ block: "start" });
  }

  /** A quote leads to a message that is not loaded. */
  async #follow(event) {
    event.preventDefault();
    const message = await this.#parts.load(event.detail);
    if (message) show(message);
  }

  async #fetch(url) {
    const response = await fetch(url).catch(() => null);
    return response?.ok && !response.redirected ? response.json() : null;
  }
}

function optionOf({ date, seq, messages }) {
  const day = new Date(`${date}T00:00`);
  const name = formatTime(day, day.getFullYear() === new Date().getFullYear() ? "day" : "date");
  return new Option(`${name} · ${messages}`, seq);
}

customElements.define("conversation-search", ConversationSearch);
