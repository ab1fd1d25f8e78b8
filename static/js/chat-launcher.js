// The chat icon of the help center: opens the chat in a frame. What the frame shows is decided when it is opened.

import "./storage.js"; // before whatever stores
import { notice } from "./unread-notice.js";

/** A link in a mail leads back into a chat. Its secret stands where browsers send it to no server. */
function leadsBack() {
  return window.location.hash.startsWith("#chat=");
}

/** Returns what the frame is told of it. The secret stays neither in the address bar nor in the history. */
function takeLink() {
  if (!leadsBack()) return "";
  const link = window.location.hash;
  window.history.replaceState(null, "", window.location.pathname + window.location.search);
  return link;
}

class ChatLauncher extends HTMLElement {
  #running = false;
  #unread = 0;
  link = "";

  connectedCallback() {
    this.button = this.querySelector(".chat-widget");
    this.box = this.querySelector(".chat-frame");
    this.frame = this.querySelector("iframe");
    this.openKey = `contiple-chat-open:${this.dataset.service}`;
    const known = localStorage.getItem(`contiple-chat:${this.dataset.service}`);
    // A closed help center shows no icon, but a chat that runs goes on to its end.
    if (this.dataset.open !== "true" && !known && !leadsBack()) return;
    this.button.addEventListener("click", () => this.#clicked());
    window.addEventListener("message", (event) => this.#heard(event));
    // Once the focus has moved: into the frame is not away from the page.
    for (const type of ["focus", "blur"]) window.addEventListener(type, () => setTimeout(() => this.#tell("focus")));
    this.link = takeLink();
    if (known && !this.link) this.#load();
    // Nobody was there, and the chat led here: on a phone it would cover the form that is wanted now.
    if (!known && document.getElementById("inquiry")) sessionStorage.removeItem(this.openKey);
    const isAsked = window.location.hash === "#chat"; // by a link to the chat itself
    if (this.link || isAsked || sessionStorage.getItem(this.openKey)) this.toggle(true);
  }

  #clicked() {
    this.toggle();
    if (!this.box.hidden) this.frame.focus(); // not on the next page, where somebody may write already
  }

  toggle(open = this.box.hidden) {
    this.box.hidden = !open;
    this.button.setAttribute("aria-expanded", String(open));
    if (!open) {
      sessionStorage.removeItem(this.openKey);
      this.button.focus();
      return;
    }
    sessionStorage.setItem(this.openKey, "1");
    if (!this.#running) this.#load();
    this.#count(0);
    this.#tell("shown");
  }

  /** Shows the panel anew, in a new frame: the old page would take clicks and text until the answer comes, and lose them. */
  #load() {
    if (this.frame.src) this.frame.replaceWith((this.frame = this.frame.cloneNode()));
    this.frame.src = this.dataset.panel + this.link;
    this.link = "";
  }

  #heard(event) {
    if (event.source !== this.frame.contentWindow || event.origin !== window.location.origin) return;
    const message = event.data?.contiple;
    if (message?.type === "close") this.toggle(false);
    else if (message?.type === "ready") this.#tell("hello");
    else if (message?.type === "state") this.#setState(message);
  }

  /** The count is left out until it is known. */
  #setState({ running, unread = this.#unread }) {
    this.#running = running;
    this.#count(unread);
    if (running) this.hidden = false;
    else if (this.dataset.open !== "true" && this.box.hidden) this.hidden = true;
  }

  #tell(type) {
    const message = { type, page: window.location.href, focused: document.hasFocus(), shown: !this.box.hidden };
    this.frame.contentWindow.postMessage({ contiple: message }, window.location.origin);
  }

  #count(unread) {
    this.#unread = unread;
    this.querySelector(".chat-widget-count").textContent = unread || "";
    this.button.dataset.state = unread ? "ringing" : "idle";
    notice(unread, this.dataset.unread);
  }
}

customElements.define("chat-launcher", ChatLauncher);
