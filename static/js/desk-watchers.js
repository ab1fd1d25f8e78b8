// The chats that conversations elsewhere on the page follow through the desk's socket.

export class Watchers {
  #chats = new Map(); // chat id → set of {apply, rev}

  /** Calls `apply(frame)` with every frame of `chat`; `rev` is the last change that the watcher has. Returns how to stop. */
  add(chat, rev, apply) {
    const watcher = { apply, rev };
    if (!this.#chats.has(chat)) this.#chats.set(chat, new Set());
    this.#chats.get(chat).add(watcher);
    return () => {
      this.#chats.get(chat)?.delete(watcher);
      if (this.#chats.get(chat)?.size === 0) this.#chats.delete(chat);
    };
  }

  has(chat) {
    return this.#chats.has(chat);
  }

  /** Returns `[chat, rev]` for each chat: every watcher of it has the changes up to `rev`. */
  revs() {
    return [...this.#chats].map(([chat, watchers]) => [chat, Math.min(...[...watchers].map(({ rev }) => rev))]);
  }

  pass(frame) {
    for (const watcher of this.#chats.get(frame.chat) || []) {
      watcher.rev = Math.max(watcher.rev, frame.rev || 0);
      watcher.apply(frame);
    }
  }
}
