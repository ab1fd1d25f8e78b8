// The files of a tab that are on their way. Those of one chat go one after the other, also while another chat is shown.
// A reload loses the files; what is remembered of them tells their sender what has not arrived.

import { FileUpload } from "./file-upload.js";

const tabs = new Map();

/** Returns the uploads of this tab's customer or agent; `owner` names them as their outbox does. */
export function uploadsOf(owner) {
  if (!tabs.has(owner)) tabs.set(owner, new FileUploads(owner));
  return tabs.get(owner);
}

class FileUploads {
  #key;
  #uploads = [];
  #left; // entries of before the reload, until their chat is shown
  /** Called after every change of an upload. */
  onChange = () => {};

  constructor(owner) {
    this.#key = `contiple-files:${owner}`;
    this.#left = read(this.#key);
    window.addEventListener("online", () => this.hurry());
    // The browser asks first: what leaves with the page is not sent.
    window.addEventListener("beforeunload", (event) => this.#isBusy && event.preventDefault());
  }

  of(chat) {
    return this.#uploads.filter((upload) => upload.chat === chat);
  }

  add(about, target) {
    const upload = new FileUpload(about, target, () => this.#changed(upload));
    this.#uploads.push(upload);
    this.#keep();
    this.onChange(upload);
    this.#next(about.chat);
  }

  /** Takes over what a reload has left of this chat. The server says of each whether it had arrived, or why it never will. */
  takeLeft(chat, target) {
    const left = this.#left.filter((entry) => entry.chat === chat);
    this.#left = this.#left.filter((entry) => entry.chat !== chat);
    for (const entry of left) this.add(entry, target);
  }

  /** Forgets what was left in other chats: a customer has one. */
  keepOnly(chat) {
    this.#left = this.#left.filter((entry) => entry.chat === chat);
    this.#keep();
  }

  /** Removes an upload; if it is on its way it is stopped. */
  remove(upload) {
    upload.cancel();
    this.#uploads = this.#uploads.filter((other) => other !== upload);
    this.#keep();
    this.#next(upload.chat);
  }

  /** The line is back. */
  hurry() {
    for (const upload of this.#uploads) upload.hurry();
  }

  get #isBusy() {
    return this.#uploads.some((upload) => !upload.isOver && !upload.isLeft);
  }

  #changed(upload) {
    this.onChange(upload);
    if (!upload.isOver) return;
    if (upload.state === "sent") this.#uploads = this.#uploads.filter((other) => other !== upload);
    this.#keep();
    this.#next(upload.chat);
  }

  #next(chat) {
    const first = this.of(chat).find((upload) => !upload.isOver);
    if (first?.state === "queued") first.start();
  }

  #keep() {
    const entries = [...this.#left, ...this.#uploads.map(entryOf)];
    if (entries.length) sessionStorage.setItem(this.#key, JSON.stringify(entries));
    else sessionStorage.removeItem(this.#key);
  }
}

function entryOf({ id, chat, name, size, state, code, text }) {
  const about = { id, chat, name, size };
  return state === "refused" ? { ...about, state, code, text } : about;
}

function read(key) {
  try {
    return JSON.parse(sessionStorage.getItem(key)) || [];
  } catch {
    return [];
  }
}
