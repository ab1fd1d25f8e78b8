// “Nobody is there” or “closed” on a customer's page: asks every few seconds, while the page is looked at, whether that
// is over.

const ASK_AFTER_MS = 5_000;
const ASK_AFTER_MAX_MS = 30_000; // many may look at it at once, for long
const SLOWER = 1.1;

export class Absence {
  #ask;
  #over;
  #timer = 0;
  #pause = ASK_AFTER_MS;

  /** `ask()` fetches the answer: 200 if a chat can be started now. Then `over()` is called. */
  constructor(ask, over) {
    this.#ask = ask;
    this.#over = over;
    document.addEventListener("visibilitychange", () => this.#timer && this.#again());
  }

  /** Call it with every stage that is shown. */
  watch(stage) {
    clearTimeout(this.#timer);
    this.#timer = 0;
    this.#pause = ASK_AFTER_MS;
    if (stage.dataset.stage === "absent" || stage.dataset.stage === "out_of_hours") this.#later();
  }

  #again() {
    this.#pause = ASK_AFTER_MS;
    this.#look();
  }

  #later() {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#look(), this.#pause);
    this.#pause = Math.min(this.#pause * SLOWER, ASK_AFTER_MAX_MS);
  }

  async #look() {
    const timer = this.#timer;
    const answer = document.hidden ? null : await this.#ask();
    if (timer !== this.#timer) return;
    if (answer?.status === 200) this.#over();
    else this.#later();
  }
}
