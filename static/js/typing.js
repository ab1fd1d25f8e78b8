// “… is typing”: told to the other side while somebody writes here, and shown while the other side writes.

const EVERY_MS = 2500; // the server takes one in 2 s
const SHOWN_MS = 5000;

export class Typing {
  #line;
  #send;
  #sentAt = 0;
  #timer = 0;

  /** `line` is where it is shown, with its text in `data-text`; `send()` tells the other side. */
  constructor(line, send) {
    this.#line = line;
    this.#send = send;
  }

  /** Something was typed here. */
  noteTyped() {
    if (Date.now() - this.#sentAt < EVERY_MS) return;
    this.#sentAt = Date.now();
    this.#send();
  }

  /** What was typed has been sent: the next key is told at once. */
  noteSent() {
    this.#sentAt = 0;
  }

  show() {
    if (!this.#line) return;
    if (!this.#line.textContent) this.#line.replaceChildren(dots(), this.#line.dataset.text);
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.hide(), SHOWN_MS);
  }

  hide() {
    this.#line?.replaceChildren();
  }

  leave() {
    clearTimeout(this.#timer);
  }
}

function dots() {
  const span = Object.assign(document.createElement("span"), { className: "typing-dots", ariaHidden: "true" });
  span.append(...[0, 1, 2].map(() => document.createElement("i")));
  return span;
}
