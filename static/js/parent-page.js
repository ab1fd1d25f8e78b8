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
  isFraming = window.parent !== window;

  /** `shown()` is called when the page has opened the frame. */
  constructor(shown) {
    window.addEventListener("message", (event) => this.#heard(event, shown));
  }

  tell(message) {
    // Any site may hear it, so nothing personal is in it. `frame-ancestors` decides which sites may show this frame.
    if (this.isFraming) window.parent.postMessage({ contiple: message }, "*");
  }

  #heard(event, shown) {
    if (event.source !== window.parent || event.data?.contiple?.type !== "shown") return;
    this.address = String(event.data.contiple.page || "").slice(0, ADDRESS_LENGTH);
    shown();
  }
}
