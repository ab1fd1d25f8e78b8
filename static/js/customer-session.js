// How the server knows a customer: by a token that this browser's storage keeps for this service. The token goes in a
// header, or in the socket's first frame, and never into an address.

import { isStored } from "./storage.js";

// Begins the token of a member of the site. Alone it tells the page around that there is one to be ended.
export const MEMBER = "member-";

export class CustomerSession {
  #key;
  #startKey;
  #starting = "";
  #holds;
  /** Called with the token if this browser's storage doesn't keep it, and with "" if there is nothing to keep (any more). */
  onKeep = () => {};

  constructor(service) {
    this.#key = `contiple-chat:${service}`;
    this.#holds = new RegExp(`^contiple-[a-z-]+:(customer-)?${service}(:|$)`); // a slug has no special signs
    this.#startKey = `contiple-start:${service}`;
  }

  /** Returns, once, the token of the link in a mail by which the customer comes back, or "". */
  takeLink() {
    const link = window.location.hash.startsWith("#chat=") ? window.location.hash.slice("#chat=".length) : "";
    if (link) window.history.replaceState(null, "", window.location.pathname + window.location.search);
    return link;
  }

  get token() {
    return localStorage.getItem(this.#key) || "";
  }

  get isMember() {
    return isMember(this.token);
  }

  begin(token) {
    this.#starting = "";
    sessionStorage.removeItem(this.#startKey);
    localStorage.setItem(this.#key, token);
    if (!isStored("localStorage", this.#key)) this.onKeep(token);
    else this.onKeep(isMember(token) ? MEMBER : "");
  }

  end() {
    localStorage.removeItem(this.#key);
    this.onKeep("");
  }

  /** Removes everything that this device holds of the service's customer. */
  forget() {
    for (const storage of [localStorage, sessionStorage]) {
      for (const key of Object.keys(storage)) if (this.#holds.test(key)) storage.removeItem(key);
    }
    this.end();
  }

  /** Sends a start. A new customer's token is made here and kept until the answer: sent again, it is the same start. */
  async start(url, fields) {
    return this.post(url, fields, this.token || this.#startToken());
  }

  #startToken() {
    this.#starting ||= sessionStorage.getItem(this.#startKey) || newToken();
    sessionStorage.setItem(this.#startKey, this.#starting);
    return this.#starting;
  }

  /** Calls `changed()` when another tab begins a chat, or leaves this one for a new one. */
  onChangeElsewhere(changed) {
    window.addEventListener("storage", (event) => event.key === this.#key && changed());
  }

  /** Returns the response, in this page's language, or null; `fields` is what a form would send. */
  post(url, fields = null, token = this.token) {
    const headers = { "X-Requested-With": "fetch" };
    if (token) headers.Authorization = `Bearer ${token}`;
    const body = fields && new URLSearchParams(fields);
    const address = new URL(url, window.location.href);
    address.searchParams.set("language", document.documentElement.lang);
    return fetch(address, { method: "POST", body, headers, credentials: "same-origin" }).catch(() => null);
  }
}

export function isMember(token) {
  return token.startsWith(MEMBER);
}

export function newMemberToken() {
  return MEMBER + newToken();
}

/** 256 random bits in base64url. */
function newToken() {
  const bytes = crypto.getRandomValues(new Uint8Array(32));
  return btoa(String.fromCharCode(...bytes)).replaceAll("+", "-").replaceAll("/", "_").replace("=", "");
}
