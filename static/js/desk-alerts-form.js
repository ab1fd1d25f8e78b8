// The agent's settings of sounds and notifications: shown as every tab has them, saved when one is changed.

import { setPressed } from "./toggle-button.js";

const DELAY_MS = 300; // a slider is moved through many values

export class DeskAlertsForm {
  #root;
  #timer = 0;

  /** `save(form)` stores the settings; `sample()` plays a sound as loud as they say. */
  constructor(root, { save, sample }) {
    this.#root = root;
    this.form.addEventListener("change", () => {
      clearTimeout(this.#timer);
      this.#timer = setTimeout(async () => {
        this.#timer = 0;
        if (await save(this.form)) sample();
      }, DELAY_MS);
    });
    this.showPermission();
  }

  get form() {
    return this.#root.querySelector("form");
  }

  /** Shows the settings as they are, unless they are being changed. */
  show({ ringSound, messageSound, volume, notifications }) {
    if (this.#timer) return;
    const { elements } = this.form;
    elements.ring_sound.checked = ringSound === "on";
    elements.message_sound.checked = messageSound === "on";
    elements.notifications.checked = notifications === "on";
    elements.volume.value = volume;
    setPressed(this.#root.querySelector("summary"), Number(volume) > 0 && (ringSound === "on" || messageSound === "on"));
    this.showPermission();
  }

  /** Asks the browser; only ever after a press on the button. */
  async allow() {
    await Notification.requestPermission();
    this.showPermission();
  }

  showPermission() {
    const permission = window.Notification ? Notification.permission : "denied";
    for (const part of this.#root.querySelectorAll("[data-permission]")) part.hidden = part.dataset.permission !== permission;
  }
}
