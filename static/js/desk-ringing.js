// A chat that rings: on the Chat Widget's button, to a screen reader, in the tab's title and as a sound.

import { Alerts } from "./alerts.js";
import { setPressed } from "./toggle-button.js";

export class DeskRinging {
  #alerts = new Alerts();
  #launcher;
  #announcement;
  #soundButton;

  /** `announcement` is a live region that has its text in `data-ringing`. */
  constructor({ launcher, announcement, soundButton }) {
    this.#launcher = launcher;
    this.#announcement = announcement;
    this.#soundButton = soundButton;
    this.#showSound();
  }

  /** `count` chats ring now. Returns whether none did before. */
  show(count) {
    const began = count > 0 && this.#launcher.dataset.state !== "ringing";
    const text = this.#announcement.dataset.ringing;
    this.#launcher.dataset.state = count ? "ringing" : "idle";
    this.#announcement.textContent = count ? text : "";
    this.#alerts.ring(count, text);
    return began;
  }

  stop() {
    this.#alerts.ring(0);
  }

  toggleSound() {
    this.#alerts.isSoundOn = !this.#alerts.isSoundOn;
    this.#showSound();
  }

  #showSound() {
    setPressed(this.#soundButton, this.#alerts.isSoundOn);
  }
}
