// Messages that were sent and are not acknowledged. They survive a reload of the page, and are sent again with the same id
// until the server has them: the server stores a repeated id once.

export class Outbox {
  #key;
  #entries;

  constructor(name) {
    this.name = name;
    this.#key = `contiple-outbox:${name}`;
    this.#entries = new Map(read(this.#key).map((entry) => [entry.client_id, entry]));
  }

  add(chat, body) {
    const entry = { client_id: newId(), chat, body };
    this.#entries.set(entry.client_id, entry);
    this.#keep();
    return entry;
  }

  remove(clientId) {
    const entry = this.#entries.get(clientId);
    this.#entries.delete(clientId);
    this.#keep();
    return entry;
  }

  keepOnly(chat) {
    for (const entry of this.all()) if (entry.chat !== chat) this.remove(entry.client_id);
  }

  get(clientId) {
    return this.#entries.get(clientId);
  }

  of(chat) {
    return [...this.#entries.values()].filter((entry) => entry.chat === chat);
  }

  all() {
    return [...this.#entries.values()];
  }

  #keep() {
    if (this.#entries.size) sessionStorage.setItem(this.#key, JSON.stringify(this.all()));
    else sessionStorage.removeItem(this.#key);
  }
}

function read(key) {
  try {
    return JSON.parse(sessionStorage.getItem(key)) || [];
  } catch {
    return [];
  }
}

/** A random UUID, even if the page is not in a secure context. */
function newId() {
  if (crypto.randomUUID) return crypto.randomUUID();
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 0x0f) | 0x40;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}
