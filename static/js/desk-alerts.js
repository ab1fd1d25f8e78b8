// Tells the agent by sounds and notifications that a chat rings or a customer has written, as the agent has set it. A
// chat on display in a tab that the agent looks at is quiet in all tabs. Notifications say neither names nor words.

import { chime } from "./chime.js";
import { Looking } from "./looking.js";

const RING_EVERY_S = 3;
const MESSAGE_NOTES = [988];
const TOLD_MAX = 100; // chats of which it is remembered what was told

export class DeskAlerts {
  #agent;
  #words;
  #open;
  #settings = {};
  #ringing = [];
  #turn = 0;
  #shown = new Map(); // by chat: the notification on display

  /** `words` has `ringing` and `unread`; `open(chat)` is called when a notification is clicked. */
  constructor(agent, words, open) {
    this.#agent = agent;
    this.#words = words;
    this.#open = open;
    this.looking = new Looking(agent);
  }

  /** `settings` are the agent's, as the desk's list has them in its dataset. */
  set({ ringSound, messageSound, volume, notifications }) {
    const volumeNow = Number(volume) / 100;
    this.#settings = {
      ring: ringSound === "on" ? volumeNow : 0,
      message: messageSound === "on" ? volumeNow : 0,
      notifies: notifications === "on",
    };
  }

  /** These chats ring now. */
  async ring(chats) {
    const began = chats.filter((chat) => !this.#ringing.includes(chat));
    this.#ringing = chats;
    if (!began.length) return;
    this.#turn = 0;
    this.#ringOnce();
    if (!(await this.looking.chats()).size) for (const chat of began) this.#notify(chat, this.#words.ringing);
  }

  /** A second has passed. */
  tick() {
    if (this.#ringing.length && ++this.#turn % RING_EVERY_S === 0) this.#ringOnce();
  }

  /** The customer of `chat` has written the message at `seq`. */
  async message(chat, seq) {
    const looked = await this.looking.chats();
    if (looked.has(chat)) return;
    if (navigator.userActivation?.hasBeenActive) this.#once("sounded", chat, seq, () => this.sample());
    if (!looked.size) this.#once("notified", chat, seq, () => this.#notify(chat, this.#words.unread));
  }

  /** Plays the sound of a message. */
  sample() {
    chime("contiple-message", { notes: MESSAGE_NOTES, volume: this.#settings.message });
  }

  /** Only these chats ask for the agent still. */
  keep(chats) {
    for (const [chat, notification] of this.#shown) {
      if (chats.includes(chat)) continue;
      notification.close();
      this.#shown.delete(chat);
    }
  }

  #ringOnce() {
    chime("contiple-ring", { volume: this.#settings.ring, quietMs: (RING_EVERY_S - 0.5) * 1000 });
  }

  #notify(chat, text) {
    if (!this.#settings.notifies || window.Notification?.permission !== "granted") return;
    const notification = shown(text, { tag: `contiple-${this.#agent}-${chat}`, renotify: true });
    if (!notification) return;
    this.#shown.set(chat, notification);
    notification.addEventListener("click", () => {
      window.focus();
      notification.close();
      this.#open(chat);
    });
  }

  /** Calls `act` in the one of the browser's tabs that comes first with this, or a later, message. */
  #once(what, chat, seq, act) {
    const name = `contiple-${what}-${this.#agent}`;
    const claim = () => {
      const told = JSON.parse(localStorage.getItem(name) || "{}");
      if (seq <= (told[chat] || 0)) return;
      const latest = Object.entries({ ...told, [chat]: seq }).slice(-TOLD_MAX);
      localStorage.setItem(name, JSON.stringify(Object.fromEntries(latest)));
      act();
    };
    if (navigator.locks) navigator.locks.request(name, claim);
    else claim();
  }
}

/** Some phones have the permission and no way to show one from a page. */
function shown(text, options) {
  try {
    return new Notification(text, options);
  } catch {
    return null;
  }
}
