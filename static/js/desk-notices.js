// What the desk tells its agent in words.

const SAID_MS = 5000;

export class DeskNotices {
  #bar;
  #said;
  #timer = 0;
  #told = null; // ids of what the list tells; none before the desk's first frame

  /** `bar` is the line at the top of the dialog, `said` the place above the composer. */
  constructor(bar, said) {
    this.#bar = bar;
    this.#said = said;
  }

  /** Shows a line that stays until it is replaced; an empty one hides it. */
  keep(text) {
    this.#bar.hidden = !text;
    this.#bar.firstElementChild.textContent = text;
  }

  /** Says what is new of what the desk's list tells about chats that went elsewhere. */
  announce(list) {
    const told = [...list.querySelectorAll("[data-notice]")];
    const fresh = this.#told && told.find((notice) => !this.#told.has(notice.dataset.notice));
    this.#told = new Set(told.map((notice) => notice.dataset.notice));
    if (fresh) this.say(fresh.querySelector("p").textContent);
  }

  /** Shows a line that goes away again. It moves nothing. */
  say(text) {
    if (!text) return;
    this.#said.replaceChildren(Object.assign(document.createElement("p"), { className: "toast", textContent: text }));
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#said.replaceChildren(), SAID_MS);
  }
}
