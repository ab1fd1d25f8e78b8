// How many messages of others a customer has not read. Frames may come twice, and overtake one another.

export class Unread {
  #first = null; // what the server counted when the page connected
  #later = new Set(); // places of messages that came since
  #noted = 0; // up to where the customer has read, as the server knows
  #read = 0; // or as this page knows

  /** Takes a frame of the customer's socket. */
  take(frame) {
    if (frame.type === "unread") this.#first = { ...frame, read: this.#noted };
    else if (frame.type === "message" && frame.author !== "customer") this.#later.add(frame.seq);
    else if (frame.type === "marks") this.#noted = frame.customer_read;
    this.noteRead(this.#noted);
  }

  noteRead(seq) {
    this.#read = Math.max(this.#read, seq);
  }

  /** Undefined until the server has said how many there were. */
  get count() {
    if (!this.#first) return undefined;
    const { unread, rev, read } = this.#first;
    const later = [...this.#later].filter((seq) => seq > rev && seq > this.#read).length;
    return later + (this.#read > read ? 0 : unread); // what was read was read to its end
  }
}
