// How the server knows a customer: by a token that this browser's storage keeps for this service. The token goes in a
// header, or in the socket's first frame, and never into an address.

export class CustomerSession {
  #key;
  #startKey;
  #starting = "";

  constructor(service) {
    this.#key = `contiple-chat:${service}`;
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

  begin(token) {
    this.#starting = "";
    sessionStorage.removeItem(this.#startKey);
    localStorage.setItem(this.#key, token);
  }

  end() {
    localStorage.removeItem(this.#key);
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

/** 256 random bits in base64url. */
function newToken() {
  const bytes = crypto.getRandomValues(new Uint8Array(32));
  return btoa(String.fromCharCode(...bytes)).replaceAll("+", "-").replaceAll("/", "_").replace("=", "");
}
