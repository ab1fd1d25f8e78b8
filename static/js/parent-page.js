// The page that shows the chat in a frame.

const ADDRESS_LENGTH = 4000;

/** If the page around this one is another site's, what leads out of the chat opens beside that site's page. */
export function isOnAnotherSite() {
  try {
    return !window.parent.location.origin;
  } catch {
    return true; // the browser says nothing of other sites' pages
  }
}

export class ParentPage {
  address = ""; // as the page says it
  hasFocus = false; // as well: its reader writes around the frame, and sees what comes into it
  isFraming = window.parent !== window;
  #noteShown;
  #noteFocus;

  /** `shown()` is called when the page has opened the frame, `focused()` when the reader came back to the page. */
  constructor({ shown, focused }) {
    this.#noteShown = shown;
    this.#noteFocus = focused;
    window.addEventListener("message", (event) => this.#heard(event));
  }

  tell(message) {
    // Any site may hear it, so nothing personal is in it. `frame-ancestors` decides which sites may show this frame.
    if (this.isFraming) window.parent.postMessage({ contiple: message }, "*");
  }

  #heard({ source, data }) {
    const message = data?.contiple;
    if (source !== window.parent || !["shown", "focus"].includes(message?.type)) return;
    this.hasFocus = message.focused === true;
    if (message.type === "shown") {
      this.address = String(message.page || "").slice(0, ADDRESS_LENGTH);
      this.#noteShown();
    } else if (this.hasFocus) this.#noteFocus();
  }
}
