// The agent's chat status: Online, Break or Offline, as shown and as chosen.

const BUTTONS = "button[data-status]:not(.chat-widget)";

/** Returns the button for a status that `target` is part of, if any. */
export function statusButton(target) {
  return target.closest(BUTTONS);
}

export class DeskStatus {
  #desk;
  #requests;
  #dialogs;

  constructor(desk, requests, dialogs) {
    this.#desk = desk;
    this.#requests = requests;
    this.#dialogs = dialogs;
  }

  show(status) {
    this.#desk.dataset.status = status;
    this.#desk.launcher.dataset.status = status;
    for (const button of this.#desk.querySelectorAll(BUTTONS)) {
      button.setAttribute("aria-pressed", String(button.dataset.status === status));
      button.removeAttribute("aria-busy");
    }
  }

  /** Sets the status of `button`; if the agent has open chats, the server may ask first what happens to them. */
  async choose(button) {
    const { status } = button.dataset;
    button.setAttribute("aria-busy", "true");
    const question = await this.#set(status);
    button.removeAttribute("aria-busy");
    if (question) this.#dialogs.askOffline(question, (choice) => this.#set(status, choice));
  }

  /** Returns the server's question, if it has one: then nothing has been changed. */
  #set(status, choice = "") {
    return this.#requests.post(this.#desk.dataset.statusUrl, { status, open_chats: choice });
  }
}
