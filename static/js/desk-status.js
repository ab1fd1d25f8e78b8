// The agent's chat status: Online, Break or Offline, as shown and as chosen. A break begins at once; its reason may follow.

const BUTTONS = "button[data-status]:not(.chat-widget)";

/** Returns the button for a status that `target` is part of, if any. */
export function statusButton(target) {
  return target.closest(BUTTONS);
}

export class DeskStatus {
  #desk;
  #requests;
  #dialogs;
  #asksReason = false; // once the desk shows the break that was chosen here

  constructor(desk, requests, dialogs) {
    this.#desk = desk;
    this.#requests = requests;
    this.#dialogs = dialogs;
    this.#break.addEventListener("click", ({ target }) => this.#giveReason(target.closest("[data-reason]")?.dataset.reason));
    this.#break.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#giveReason(event.target.elements.reason.value.trim() || undefined);
    });
  }

  /** Shows the status, and `reason` if it is a break. */
  show(status, reason = "") {
    this.#desk.dataset.status = status;
    this.#desk.launcher.dataset.status = status;
    for (const button of this.#desk.querySelectorAll(BUTTONS)) {
      button.setAttribute("aria-pressed", String(button.dataset.status === status));
      button.removeAttribute("aria-busy");
    }
    const shown = this.#break.querySelector("[data-part=break-reason]");
    shown.textContent = reason || shown.dataset.none;
    for (const item of this.#break.querySelectorAll("[data-reason]")) {
      if (item.dataset.reason) item.setAttribute("aria-current", String(item.textContent.trim() === reason));
      else item.hidden = !reason;
    }
    this.#break.hidden = status !== "break";
    if (this.#break.hidden) this.#break.open = false;
    else if (this.#asksReason) this.#askReason();
  }

  /** Sets the status of `button`; if the agent has open chats, the server may ask first what happens to them. */
  async choose(button) {
    const { status } = button.dataset;
    button.setAttribute("aria-busy", "true");
    const question = await this.#set(status);
    button.removeAttribute("aria-busy");
    if (question) this.#dialogs.askOffline(question, (choice) => this.#set(status, choice));
    else if (question !== null && status === "break") this.#askReasonSoon();
  }

  get #break() {
    return this.#desk.querySelector("[data-part=break]");
  }

  /** Once the desk shows the break; it may do so before the answer has come. */
  #askReasonSoon() {
    if (this.#desk.dataset.status === "break") this.#askReason();
    else this.#asksReason = true;
  }

  #askReason() {
    this.#asksReason = false;
    this.#break.querySelector("form").reset();
    this.#break.open = true;
  }

  /** Changes the break's reason; an empty one removes it. */
  async #giveReason(reason) {
    if (reason === undefined) return;
    const fields = { status: "break", reason };
    if ((await this.#requests.post(this.#desk.dataset.statusUrl, fields)) === null) return;
    this.#break.open = false;
  }

  /** Returns the server's question, if it has one: then nothing has been changed. */
  #set(status, choice = "") {
    return this.#requests.post(this.#desk.dataset.statusUrl, { status, open_chats: choice });
  }
}
