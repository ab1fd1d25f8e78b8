// Messages that were sent and are not acknowledged. They survive a reload of the page, and are sent again with the same id
// until the server has them: the server stores a repeated id once.
//
// The messages of a chat keep their order: the next one goes only when the server has the one before, or has refused it
// for good.

// An answer takes this long if it was lost on its way, or if the server is in trouble: asking again does no harm.
const ANSWER_MS = 5000;
const RETRY_MS = 2000;
const TRY_AGAIN = new Set(["too_many", "unavailable"]);

export class Outbox {
  #key;
  #entries;
  #timers = new Map(); // chat → when its first message is sent again
  /** Hands an entry to the socket. Returns false if that is not open. */
  transmit = () => false;

  constructor(name) {
    this.name = name;
    this.#key = `contiple-outbox:${name}`;
    this.#entries = new Map(read(this.#key).map((entry) => [entry.client_id, entry]));
  }

  /** `more` is what its frame has besides. */
  add(chat, body, more) {
    const entry = { client_id: this.newId(), chat, body, ...more };
    this.#entries.set(entry.client_id, entry);
    this.#keep();
    if (this.#first(chat) === entry) this.resend(chat);
    return entry;
  }

  /** The server has the message, or will never take it: the next one of its chat goes. */
  remove(clientId) {
    const entry = this.#entries.get(clientId);
    const wasFirst = entry && this.#first(entry.chat) === entry;
    this.#entries.delete(clientId);
    this.#keep();
    if (wasFirst) this.resend(entry.chat);
    return entry;
  }

  /** Sends the chat's first message, (again) after a (re)connect; the others follow one by one. */
  resend(chat) {
    clearTimeout(this.#timers.get(chat));
    this.#timers.delete(chat);
    const entry = this.#first(chat);
    if (entry && this.transmit(entry)) this.#resendIn(ANSWER_MS, chat);
  }

  /** Says whether the refused first message of the chat is sent again, after `wait` seconds if the server named them. */
  triesAgain(code, chat, wait) {
    clearTimeout(this.#timers.get(chat));
    this.#timers.delete(chat);
    if (TRY_AGAIN.has(code)) this.#resendIn(wait ? wait * 1000 : RETRY_MS, chat);
    return TRY_AGAIN.has(code);
  }

  /** The message that is on its way: an error that names none is about it. */
  onItsWay(chat) {
    return this.#timers.has(chat) ? this.#first(chat) : undefined;
  }

  /** After the socket has opened: the first message of every chat except `shown`, which its view sends. */
  resendOthers(shown) {
    for (const chat of new Set(this.all().map((entry) => entry.chat))) if (chat !== shown) this.resend(chat);
  }

  keepOnly(chat) {
    this.#entries = new Map(this.of(chat).map((entry) => [entry.client_id, entry]));
    this.#keep();
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

  /** Returns a random UUID, even if the page is not in a secure context. */
  newId() {
    if (crypto.randomUUID) return crypto.randomUUID();
    const bytes = crypto.getRandomValues(new Uint8Array(16));
    bytes[6] = (bytes[6] & 0x0f) | 0x40;
    bytes[8] = (bytes[8] & 0x3f) | 0x80;
    const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
    return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
  }

  #first(chat) {
    return this.of(chat)[0];
  }

  #resendIn(ms, chat) {
    this.#timers.set(chat, setTimeout(() => this.resend(chat), ms));
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
