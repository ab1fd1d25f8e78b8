// What asks for the agent, on the Chat Widget's button: what is what in signs and numbers, and in words.

export class DeskRinging {
  #launcher;
  #announcement;

  /** `announcement` is a live region that has its text in `data-ringing`. */
  constructor({ launcher, announcement }) {
    this.#launcher = launcher;
    this.#announcement = announcement;
  }

  /** `count` chats ring now. Returns whether none did before. */
  show(count) {
    const began = count > 0 && this.#launcher.dataset.state !== "ringing";
    this.#launcher.dataset.state = count ? "ringing" : "idle";
    this.#announcement.textContent = count ? this.#announcement.dataset.ringing : "";
    return began;
  }

  /** Unread messages are unanswered; who is not answered is counted apart once everything is read. */
  showCounts({ ringing, waiting, unread, unanswered, notices }) {
    const numbers = { ringing, waiting, unread, notices, unanswered: unread ? 0 : unanswered.count };
    const said = [];
    for (const count of this.#launcher.querySelectorAll("[data-count]")) {
      const number = numbers[count.dataset.count];
      count.hidden = !number;
      count.lastElementChild.textContent = number;
      if (number) said.push(`${count.dataset.words}: ${number}`);
    }
    const text = said.join(", ");
    if (this.#launcher.title === text) return;
    this.#launcher.title = text;
    this.#launcher.querySelector("[data-part=counts]").textContent = text && `. ${text}`;
  }
}
