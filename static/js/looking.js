// Which tabs of this browser the agent looks at, and which chat each of them shows. Browsers let go of a tab's locks
// when it ends, so nobody counts as looking for longer than that.

export class Looking {
  #prefix;
  #name = null;
  #release = () => {};

  constructor(agent) {
    this.#prefix = `contiple-looks-${agent}-`;
  }

  /** The agent looks at this tab, with `chat` on display (0: none), or, if it is null, does not. */
  note(chat) {
    const name = chat === null ? null : this.#prefix + chat;
    if (name === this.#name) return;
    this.#release();
    this.#name = name;
    if (!name) return;
    const left = new Promise((resolve) => (this.#release = resolve));
    navigator.locks?.request(name, { mode: "shared" }, () => left);
  }

  /** Returns the chats on display in tabs that are looked at, 0 among them for a tab without one. */
  async chats() {
    const { held = [] } = (await navigator.locks?.query()) || {};
    const names = [...held.map((lock) => lock.name), this.#name || ""];
    return new Set(names.filter((name) => name.startsWith(this.#prefix)).map((name) => Number(name.slice(this.#prefix.length))));
  }
}
