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
  hasFocus = false; // as well: its reader writes around the frame, which is shown, and sees what comes into it
  isFraming = window.parent !== window;
  #sites;
  #origin = ""; // of the page, once it has spoken
  #heed;

  /**
   * `sites`: the origins that may show the chat beside our own, with spaces between. Of what `heed` has is called:
   * `hello({ token, person })` with what the page knows, `shown()` when it has opened the frame, and `focused()` when
   * the reader came back to it, and `moved()` when it is another page.
   */
  constructor(sites, heed) {
    this.#sites = new Set([window.location.origin, ...sites.split(" ")]);
    this.#heed = heed;
    window.addEventListener("message", (event) => this.#heard(event));
  }

  /** Tells whatever page is around that it is heard. It says `hello`, and is known from then on. */
  greet() {
    if (this.isFraming) window.parent.postMessage({ contiple: { type: "ready" } }, "*");
  }

  /** Tells the page, once its origin is known. Browsers show the frame to named sites only; this doesn't rely on it. */
  tell(message) {
    if (this.#origin) window.parent.postMessage({ contiple: message }, this.#origin);
  }

  #heard({ source, origin, data }) {
    const message = data?.contiple;
    if (source !== window.parent || !this.#sites.has(origin) || !message) return;
    this.#origin = origin;
    this.hasFocus = message.focused === true && message.shown !== false; // the release before doesn’t say it
    const before = this.address;
    this.address = String(message.page || "").slice(0, ADDRESS_LENGTH);
    if (this.address !== before) this.#heed.moved?.();
    if (message.type === "hello") this.#heed.hello?.({ token: String(message.token || ""), person: message.person });
    if (message.type === "shown" || message.shown) this.#heed.shown?.();
    else if (this.hasFocus) this.#heed.focused?.();
  }
}
