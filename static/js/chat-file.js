// A file in a message. The server writes its name and size; here it gets its picture, or the sign of its kind, and
// buttons. The reader's page decides how it is opened: `desk-file.js` for agents, `customer-file.js` for customers.

import { quoted } from "./file-limits.js";

const SIDE_MAX_PX = { width: 240, height: 280 };
const SIDE_MIN_PX = 64;

export class ChatFile extends HTMLElement {
  connectedCallback() {
    if (this.dataset.shown || !this.template) return;
    this.#show(this.dataset.thumbnail === "1");
  }

  get key() {
    return this.dataset.file;
  }

  /** The name as everybody sees it: masked. */
  get name() {
    return quoted(this.querySelector(".message-body").textContent);
  }

  /** The page's parts and words of files. */
  get template() {
    return document.querySelector("template[data-part=files]");
  }

  /** Returns the address of the file, or of its thumbnail. */
  url(part = "") {
    return `${this.template.dataset.fileUrl.replace("/0/", `/${this.key}/`)}${part}`;
  }

  /** Returns a part of the template, with its labels naming the file. */
  part(name) {
    const part = this.template.content.querySelector(`[data-part=${name}]`).cloneNode(true);
    delete part.dataset.part;
    if (part.title) part.setAttribute("aria-label", `${part.title} ${this.name}`);
    return part;
  }

  /** Pages give it what they have: `load(image)`, `opener(picture)` and `buttons(isPicture)`. */
  #show(isPicture) {
    this.dataset.shown = isPicture ? "picture" : "card";
    const head = isPicture ? this.opener(this.#picture()) : this.part(`sign-${this.dataset.kind}`);
    const buttons = Object.assign(document.createElement("span"), { className: "file-buttons" });
    buttons.append(...this.buttons(isPicture));
    this.prepend(head);
    this.append(buttons);
    this.querySelector(".message-body").title = this.querySelector(".message-body").textContent;
  }

  /** Returns the thumbnail. Its space is there before it is: what is read doesn't move. */
  #picture() {
    const [width, height] = [Number(this.dataset.width) || SIDE_MAX_PX.width, Number(this.dataset.height) || SIDE_MAX_PX.width];
    const scale = Math.min(1, SIDE_MAX_PX.width / width, SIDE_MAX_PX.height / height);
    const image = new Image(...[width, height].map((side) => Math.max(SIDE_MIN_PX, Math.round(side * scale))));
    image.style.aspectRatio = `${image.width} / ${image.height}`; // also if the thumbnail is cut to whole pixels
    this.style.setProperty("--picture", `${image.width + 2}px`); // with its border
    image.alt = "";
    image.addEventListener("error", () => this.showCard());
    this.load(image);
    return image;
  }

  /** Shows the file without its picture. */
  showCard() {
    if (this.dataset.shown !== "picture") return;
    for (const child of [...this.children]) if (!child.matches(".message-body, .file-size")) child.remove();
    this.#show(false);
  }
}
