// A socket that reconnects by itself. Listeners to `open` ask, by number, for what was lost in between.

const HOPELESS = new Set([4401, 4403]); // not signed in, not permitted: reconnecting would change nothing
const RETRY_MS = [500, 1000, 2000, 4000, 8000, 15000];
// The server beats every 15 s; after two missed beats the connection is dead, whatever the browser believes.
const SILENCE_MS = 40_000;

const PAGE_AFTER_MS = 1000; // the server takes one a second
const PAGE_LENGTH = 2000;

/** Tells on which page the customer is, unless it is "". Of many in a row it tells the last. */
export function tellPage(socket, page) {
  clearTimeout(socket.page);
  if (page) socket.page = setTimeout(() => socket.send({ type: "page", page: page.slice(0, PAGE_LENGTH) }), PAGE_AFTER_MS);
}

/** Events: `open`, `frame` (detail: the frame), `lost`, `refused` (detail: the close code). */
export class Socket extends EventTarget {
  #path;
  #socket = null;
  #tries = 0;
  #timer = 0;
  #watchdog = 0;
  #closed = false;

  constructor(path) {
    super();
    const language = encodeURIComponent(document.documentElement.lang || "en");
    this.#path = `${window.location.origin.replace(/^http/, "ws")}${path}?language=${language}`;
    window.addEventListener("online", this.#hurry);
    document.addEventListener("visibilitychange", this.#hurry);
  }

  get isOpen() {
    return this.#socket?.readyState === WebSocket.OPEN;
  }

  open() {
    clearTimeout(this.#timer);
    this.#closed = false;
    const socket = new WebSocket(this.#path);
    this.#socket = socket;
    this.#watch();
    socket.addEventListener("open", () => this.dispatchEvent(new Event("open")));
    socket.addEventListener("message", (event) => {
      if (socket === this.#socket) this.#receive(JSON.parse(event.data));
    });
    socket.addEventListener("close", (event) => {
      if (socket === this.#socket) this.#lost(event.code);
    });
  }

  /** Returns false if the frame could not be handed over; true is no promise that it arrives. */
  send(frame) {
    if (!this.isOpen) return false;
    this.#socket.send(JSON.stringify(frame));
    return true;
  }

  close() {
    this.#closed = true;
    clearTimeout(this.#timer);
    clearTimeout(this.#watchdog);
    window.removeEventListener("online", this.#hurry);
    document.removeEventListener("visibilitychange", this.#hurry);
    this.#socket?.close(1000);
    this.#socket = null;
  }

  #receive(frame) {
    this.#tries = 0;
    this.#watch();
    // Answered at once, in the handler of the message: timers of a hidden tab are throttled, this is not.
    if (frame.type === "beat") this.send({ type: "beat", sent: frame.sent });
    else this.dispatchEvent(new CustomEvent("frame", { detail: frame }));
  }

  #lost(code) {
    clearTimeout(this.#watchdog);
    this.#socket = null;
    if (this.#closed) return;
    if (HOPELESS.has(code)) {
      this.#closed = true;
      this.dispatchEvent(new CustomEvent("refused", { detail: code }));
      return;
    }
    this.dispatchEvent(new Event("lost"));
    const wait = RETRY_MS[Math.min(this.#tries++, RETRY_MS.length - 1)];
    // Spread out, so that a thousand clients don't reconnect in the same instant.
    this.#timer = setTimeout(() => this.open(), wait * (0.5 + Math.random()));
  }

  #watch() {
    clearTimeout(this.#watchdog);
    this.#watchdog = setTimeout(() => {
      const socket = this.#socket;
      if (!socket) return;
      this.#lost(0);
      socket.close();
    }, SILENCE_MS);
  }

  #hurry = () => {
    if (this.#closed || this.#socket || document.hidden) return;
    this.open();
  };
}
