// The comments of a ticket, in which agents mask what they select. Tickets have no socket, so the page asks every few
// seconds for what others have changed.

import { BY_THE_CLOCK } from "./forms.js";
import { maskSpans, rememberSelection, selectedSpans } from "./mask-selection.js";
import "./masked-text.js";
import "./offered-text.js";
import { localiseTimes } from "./times.js";

const ASK_EVERY_MS = 5000;

class TicketComments extends HTMLElement {
  #timer = 0;
  #news = []; // what others have written and nobody has looked at

  connectedCallback() {
    if (!this.texts) this.#listen();
    this.selection = rememberSelection(this.#comments);
    this.#timer = setInterval(this.#ask, ASK_EVERY_MS);
    document.addEventListener("visibilitychange", this.#ask);
    document.addEventListener("scroll", this.#look, { passive: true });
  }

  disconnectedCallback() {
    clearInterval(this.#timer);
    document.removeEventListener("visibilitychange", this.#ask);
    document.removeEventListener("scroll", this.#look);
    this.selection.forget();
  }

  get #comments() {
    return this.querySelector("[data-part=comments]");
  }

  get #timeline() {
    return this.querySelector("#ticket-timeline");
  }

  #listen() {
    this.texts = { ...this.querySelector("[data-part=texts]").dataset, selectFirst: this.dataset.selectFirst };
    this.querySelector("[data-action=mask]")?.addEventListener("click", () => this.#mask(this.selection.take()));
    this.querySelector("[data-action=show-news]").addEventListener("click", () => this.#showNews());
    this.addEventListener("mask-offered", (event) => this.#mask(selectedSpans(this.#comments, event.detail)));
    this.addEventListener("mask-changed", this.#ask);
    this.addEventListener("masking-notice", (event) => this.#say(event.detail));
  }

  async #mask(spans) {
    this.#say(await maskSpans(this.dataset.maskUrl, spans, this.texts));
    this.#ask();
  }

  #ask = async () => {
    if (document.hidden) return;
    const seen = this.#timeline.dataset.seen;
    const response = await fetch(`${this.dataset.changesUrl}?seen=${seen}`, { headers: BY_THE_CLOCK }).catch(() => null);
    if (response?.status !== 200 || response.redirected || !this.isConnected) return;
    const html = await response.text();
    // The answer is older than what the page has got meanwhile.
    if (this.#timeline.dataset.seen !== seen) return this.#ask();
    this.#apply(html);
  };

  /** Replaces only the parts with another rev: selections, open masks and what is being typed stay. */
  #apply(html) {
    const template = document.createElement("template");
    template.innerHTML = html;
    localiseTimes(template.content);
    this.#timeline.dataset.seen = template.content.querySelector("#ticket-timeline").dataset.seen;
    const typing = document.activeElement.closest(".ticket-composer");
    const place = typing?.getBoundingClientRect().top;
    this.#placeAll(template);
    if (typing) window.scrollBy(0, typing.getBoundingClientRect().top - place); // nothing moves under who types
    this.#tellNews();
    document.dispatchEvent(new Event("ticket-changed"));
  }

  #placeAll(template) {
    let before = null;
    for (const part of template.content.querySelectorAll("[id][data-rev]")) {
      const shown = document.getElementById(part.id);
      if (shown) this.#replace(shown, part);
      else if (part.matches("li")) this.#insert(part, before); // other parts are hidden by another tab of the menu
      window.htmx?.process(part);
      if (part.matches("li")) before = part.id;
    }
  }

  /** Leaves a part with an open menu, or a field that somebody is in, as it is, and asks again until it is left. */
  #replace(shown, part) {
    if (shown.dataset.rev === part.dataset.rev) return;
    if (shown.querySelector("details[open], :is(input, select):focus")) this.#timeline.dataset.seen = "";
    else shown.replaceWith(part);
  }

  #insert(line, before) {
    const previous = this.#timeline.querySelector(`#${before}`);
    if (previous) previous.after(line);
    else this.#timeline.prepend(line);
    if (line.dataset.seq) this.#news.push(line);
  }

  #look = () => this.#news.length && this.#tellNews();

  /** Says how many comments have come that are out of sight. */
  #tellNews() {
    this.#news = this.#news.filter((line) => line.isConnected && !isInSight(line));
    const button = this.querySelector("[data-action=show-news]");
    const words = button.querySelector("span");
    const { length } = this.#news;
    button.hidden = !length;
    words.textContent = length === 1 ? words.dataset.one : words.dataset.many.replace("{number}", length);
  }

  #showNews() {
    this.#news[0]?.scrollIntoView({ block: "start" });
    this.#news = [];
    this.#tellNews();
  }

  #say(text) {
    const notice = this.querySelector("[data-part=notice]");
    if (notice) notice.textContent = text;
  }
}

function isInSight(element) {
  const { top, bottom } = element.getBoundingClientRect();
  return bottom > 0 && top < window.innerHeight;
}

customElements.define("ticket-comments", TicketComments);
