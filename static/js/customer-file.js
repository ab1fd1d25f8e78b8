// A file as customers have it. Their token goes in a header, or in a form that opens the file; never in an address.

import { ChatFile } from "./chat-file.js";
import { save } from "./save-file.js";
import { submitFields } from "./forms.js";

const NEAR = "300px";
const BUSY_S = 3;
const TRIES_MAX = 3;

class CustomerFile extends ChatFile {
  /** Pictures are fetched when they come near. */
  load(image) {
    near.observe(image);
  }

  /** The picture is text of this page: there is no address of it that anybody could pass on, and it goes with its element. */
  async fill(image, tries = 1) {
    const response = await this.#fetch("thumbnail/");
    const blob = response?.ok ? await response.blob().catch(() => null) : null;
    if (blob) image.src = await addressOf(blob);
    else if (response?.status === 503 && tries < TRIES_MAX) setTimeout(() => this.fill(image, tries + 1), BUSY_S * 1000);
    else this.showCard();
  }

  /** Returns a button around the picture that opens the file in a new tab. */
  opener(picture) {
    const button = this.part("open-button");
    button.append(picture);
    button.addEventListener("click", () => submitFields(this, this.url(), [["token", this.#token]], "_blank"));
    return button;
  }

  buttons(isPicture) {
    if (isPicture) return [];
    const button = this.part("save-button");
    button.addEventListener("click", () => this.#save(button));
    return [button];
  }

  get #token() {
    return this.closest("customer-chat").session.token;
  }

  async #save(button) {
    button.disabled = true;
    const response = await this.#fetch();
    const blob = response?.ok ? await response.blob().catch(() => null) : null;
    button.disabled = false;
    if (blob) save(blob, response.headers.get("Content-Disposition"));
    else this.#failed();
  }

  #failed() {
    const text = this.template.dataset.unavailable;
    this.dispatchEvent(new CustomEvent("chat-notice", { bubbles: true, detail: text }));
  }

  #fetch(part = "") {
    const headers = { "X-Chat-Token": this.#token };
    return fetch(this.url(part), { method: "POST", headers, credentials: "same-origin" }).catch(() => null);
  }
}

const near = new IntersectionObserver(
  (entries) => {
    for (const { target, isIntersecting } of entries) {
      if (!isIntersecting) continue;
      near.unobserve(target);
      target.closest("chat-file")?.fill(target);
    }
  },
  { rootMargin: NEAR },
);

function addressOf(blob) {
  return new Promise((resolve) => {
    const reader = new FileReader();
    reader.addEventListener("load", () => resolve(reader.result));
    reader.readAsDataURL(blob);
  });
}

customElements.define("chat-file", CustomerFile);
