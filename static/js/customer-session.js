// How the server knows a customer: by a token that this browser's storage keeps for this service. The token goes in a
// header, or in the socket's first frame, and never into an address.

export class CustomerSession {
  #key;

  constructor(service) {
    this.#key = `contiple-chat:${service}`;
  }

  get token() {
    return localStorage.getItem(this.#key) || "";
  }

  begin(token) {
    localStorage.setItem(this.#key, token);
  }

  end() {
    localStorage.removeItem(this.#key);
  }

  /** Calls `changed()` when another tab begins a chat, or leaves this one for a new one. */
  onChangeElsewhere(changed) {
    window.addEventListener("storage", (event) => event.key === this.#key && changed());
  }

  /** Returns the response, or null if there is none; `fields` is what a form would send. */
  post(url, fields = null) {
    const headers = { "X-Requested-With": "fetch" };
    if (this.token) headers.Authorization = `Bearer ${this.token}`;
    const body = fields && new URLSearchParams(fields);
    return fetch(url, { method: "POST", body, headers, credentials: "same-origin" }).catch(() => null);
  }
}
