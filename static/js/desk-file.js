// A file as agents have it: opened or saved by a link, and removed for everybody.

import { asked } from "./ask-dialog.js";
import { ChatFile } from "./chat-file.js";
import { confirmed } from "./confirm-dialog.js";
import { takeNewToken } from "./csrf.js";
import { failureOf } from "./forms.js";

class DeskFile extends ChatFile {
  load(image) {
    image.loading = "lazy";
    image.src = this.url("thumbnail/");
  }

  /** Returns a link around the picture that opens the file in a new tab. */
  opener(picture) {
    const link = this.part("open-link");
    link.href = this.url();
    link.append(picture);
    return link;
  }

  buttons(isPicture) {
    const save = this.part("save-link");
    save.href = this.url();
    const remove = this.closest("[data-mask-url]") ? [this.#removeButton()] : [];
    return isPicture ? remove : [save, ...remove];
  }

  #removeButton() {
    const button = this.part("remove");
    button.addEventListener("click", () => this.#remove());
    return button;
  }

  async #remove() {
    const { dataset: texts } = this.template;
    const place = this.closest("[data-mask-url]"); // this file's element is replaced by the change
    if (!(await asked({ title: texts.removeTitle, text: texts.removeText.replace("{name}", this.name), act: texts.remove }, texts.cancel))) return;
    const failure = await this.#send();
    if (failure) tell(place, "masking-notice", failure);
    else tell(place, "mask-changed");
  }

  /** Returns why the file is still there, or "". */
  async #send(isFirst = true) {
    const texts = document.querySelector("template[data-csrf]").dataset;
    const headers = { "X-CSRFToken": texts.csrf, "X-Requested-With": "fetch" };
    const response = await fetch(this.url("remove/"), { method: "POST", headers }).catch(() => null);
    const isOld = response?.status === 403 && takeNewToken((name) => response.headers.get(name));
    if (isOld && isFirst) return this.#send(false);
    const question = response?.status === 403 && response.headers.get("X-Confirm");
    if (question && (await confirmed(question, texts))) return this.#send(false);
    if (response?.redirected) window.location.assign(response.url); // the session has ended
    return response?.ok ? "" : failureOf(response, texts);
  }
}

function tell(place, name, detail = null) {
  place.dispatchEvent(new CustomEvent(name, { bubbles: true, detail }));
}

customElements.define("chat-file", DeskFile);
