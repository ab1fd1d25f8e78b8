// A conversation of which parts are loaded: the newest page, and whatever was jumped to. Between two parts is a gap, with
// a button; it loads what follows the part above. Near to the edge of the view that happens by itself, and so do earlier
// messages.

import { failureOf } from "./forms.js";
import { fragment } from "./fragment.js";

const NEAR = "400px 0px"; // before the reader is there

export class ConversationParts {
  #conversation;
  #url;
  #near;

  /** `url` gives a page of messages around a place. */
  constructor(conversation, url) {
    this.#conversation = conversation;
    this.#url = url;
    const { scroll, list } = conversation;
    this.#near = new IntersectionObserver((entries) => this.#come(entries), { root: scroll, rootMargin: NEAR });
    list.addEventListener("arranged", () => this.#showGaps());
    scroll.addEventListener("click", (event) => this.#clicked(event));
    this.#showGaps();
  }

  leave() {
    this.#near.disconnect();
  }

  /** Returns the message at a place, loaded if need be; null if that fails, which the reader is told. */
  async load(seq) {
    if (!this.#conversation.messageAt(seq)) await this.#loadAround(seq);
    return this.#conversation.messageAt(seq);
  }

  async #loadAround(seq) {
    const response = await fetch(`${this.#url}?seq=${seq}`).catch(() => null);
    const html = response?.ok && !response.redirected && (await response.text().catch(() => ""));
    if (html) this.#add(html);
    else tellFailure(this.#conversation, response);
  }

  /** Beyond a part may be messages that are not loaded. Those of a part follow each other. */
  #add(html) {
    const { gaps } = this.#conversation;
    const seqs = [...fragment(html).children].map(seqOf);
    const fresh = new Set(this.#conversation.addPart(html).map(seqOf));
    const places = this.#conversation.messages.map(seqOf);
    const [first, last] = [seqs[0], seqs.at(-1)];
    for (const seq of [...gaps]) if (first < seq && seq <= last) gaps.delete(seq);
    if (fresh.has(first) && places[0] < first) gaps.add(first);
    const next = places.find((seq) => seq > last);
    if (fresh.has(last) && next) gaps.add(next);
    this.#showEarlier(places[0]);
    this.#showGaps();
  }

  #showEarlier(first) {
    const earlier = this.#earlier;
    if (earlier) earlier.hidden = first === 1;
  }

  get #earlier() {
    return this.#conversation.scroll.querySelector(".conversation-earlier");
  }

  #showGaps() {
    const { gaps, list, texts } = this.#conversation;
    for (const gap of list.querySelectorAll(".conversation-gap")) if (!gaps.has(Number(gap.dataset.before))) gap.remove();
    for (const seq of gaps) {
      const message = this.#conversation.messageAt(seq);
      const gap = list.querySelector(`.conversation-gap[data-before="${seq}"]`) || gapBefore(seq, texts.between);
      const day = message.previousElementSibling;
      if (gap !== day) (day?.matches(".day-separator") ? day : message).before(gap);
    }
    this.#watch();
  }

  /** Asks anew what is near: an edge that was near and is still so is told again. */
  #watch() {
    this.#near.disconnect();
    for (const edge of [this.#earlier, ...this.#conversation.list.querySelectorAll(".conversation-gap")]) {
      if (edge) this.#near.observe(edge);
    }
  }

  #come(entries) {
    for (const { isIntersecting, target } of entries) {
      const button = target.querySelector("button");
      if (isIntersecting && button && !button.disabled) button.click();
    }
  }

  async #clicked(event) {
    const button = event.target.closest("[data-action=between]");
    if (!button || button.disabled) return;
    button.disabled = true;
    await this.#loadAround(this.#edgeOf(button.parentElement));
    button.disabled = false;
  }

  /** The place from which a gap is filled: its lower end if the reader comes from below, else the upper one. */
  #edgeOf(gap) {
    const seq = Number(gap.dataset.before);
    const { messages, scroll } = this.#conversation;
    const [box, view] = [gap.getBoundingClientRect(), scroll.getBoundingClientRect()];
    if (box.top + box.bottom < view.top + view.bottom) return seq - 1;
    return messages.map(seqOf).findLast((place) => place < seq) + 1;
  }
}

/** Says above the composer, or beside the conversation, why a part of it has not come. */
async function tellFailure({ scroll, texts }, response) {
  scroll.dispatchEvent(new CustomEvent("chat-notice", { bubbles: true, detail: await failureOf(response, texts) }));
}

function seqOf(message) {
  return Number(message.dataset.seq);
}

function gapBefore(seq, text) {
  const gap = Object.assign(document.createElement("li"), { className: "conversation-gap", ariaLive: "off" });
  gap.dataset.before = seq;
  const button = Object.assign(document.createElement("button"), { type: "button", textContent: text });
  button.className = "button button-small button-quiet";
  button.dataset.action = "between";
  gap.append(button);
  return gap;
}
