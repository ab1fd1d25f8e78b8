// A file on its way to the server: waits for its turn, goes up, waits for the line, is sent, or is refused for good.

import { meaningOf, send } from "./file-request.js";

const RETRY_S = [2, 4, 8, 15];

export class FileUpload {
  state = "queued"; // → going → sent or refused; or → waiting, and again
  loaded = 0; // bytes that have gone
  place = 0; // of the message, once it is sent
  text = ""; // why it waits, or was refused
  #target;
  #changed;
  #request = null;
  #timer = 0;
  #tries = 0;

  /**
   * `about` is the `id`, `chat`, `name` and `size`, and the `file`, which is gone after a reload. `target` is the `url`,
   * what returns the `headers()`, and what learns from a refusal how they should be: `renewed(answer)` says whether it did.
   * `changed(upload)` is called after every change.
   */
  constructor(about, target, changed) {
    Object.assign(this, about);
    this.#target = target;
    this.#changed = changed;
  }

  get isOver() {
    return this.state === "sent" || this.state === "refused";
  }

  /** Without its file nothing more can be sent: the server is asked whether it has it. */
  get isLeft() {
    return !this.file;
  }

  /** Tries now, in whatever state it waits. */
  async start() {
    if (this.state === "going" || this.state === "sent") return;
    clearTimeout(this.#timer);
    this.loaded = 0;
    this.#become("going");
    if (this.file && !(await isReadable(this.file))) return this.#become("refused", { code: "unreadable" });
    if (this.state !== "going") return; // cancelled meanwhile
    const request = send(this, this.file || null, this.#target, (bytes) => this.#progressed(bytes));
    this.#request = request;
    const answer = await request.answer;
    if (this.#request === request) this.#answered(answer);
  }

  /** The line is back: who waits for it need not wait any longer. */
  hurry() {
    if (this.state === "waiting" && !this.code) this.start();
  }

  cancel() {
    clearTimeout(this.#timer);
    const request = this.#request;
    this.#request = null;
    this.state = "refused";
    request?.abort();
  }

  /** The server would refuse it, with this `code`. */
  refuse(code) {
    if (this.isOver) return;
    this.cancel();
    this.#become("refused", { code });
  }

  #answered(answer) {
    this.#request = null;
    const meaning = meaningOf(answer, this.#tries);
    if (meaning.sent) {
      this.place = meaning.sent;
      this.#become("sent");
    } else if (meaning.refused) {
      if (this.#target.renewed(answer) && this.#tries++ === 0) this.#again();
      else this.#become("refused", { code: meaning.refused, text: meaning.text });
    } else {
      this.#wait(meaning);
    }
  }

  #again() {
    this.state = "waiting";
    this.start();
  }

  #wait({ again, code, text }) {
    const seconds = again || RETRY_S[Math.min(this.#tries, RETRY_S.length - 1)];
    this.#tries += 1;
    this.#timer = setTimeout(() => this.start(), seconds * 1000);
    this.#become("waiting", { code, text });
  }

  #progressed(bytes) {
    this.loaded = Math.min(bytes, this.size);
    this.#changed(this);
  }

  #become(state, { code = "", text = "" } = {}) {
    Object.assign(this, { state, code, text });
    this.#changed(this);
  }
}

/** A folder can't be read, nor a file that was changed or moved after it was chosen. */
async function isReadable(file) {
  try {
    await file.slice(0, 1).arrayBuffer();
    return true;
  } catch {
    return false;
  }
}
