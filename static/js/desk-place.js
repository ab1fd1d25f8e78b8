// Where the dialog is: docked beside the page, floating over it, or filling the window. Each agent's choice is kept in
// this browser, and so are the width of the docked dialog and the place of the floating one.
//
// CSS keeps both within the window, however it is resized: what is kept is what the agent wanted.

import { setPressed } from "./toggle-button.js";

const PLACES = ["docked", "floating", "filled"];
const STEP_PX = 16;
const PAGE_STEP_PX = 96;
const STARTS_BELOW = "button, a, input, summary, select, [popover], .menu"; // what a drag of the head does not begin on

export class DeskPlace {
  #dialog;
  #handle;
  #key;
  #kept;

  /** `dialog` has a handle (`role=separator`) and a head with a button for each place. */
  constructor(dialog, agent) {
    this.#dialog = dialog;
    this.#key = `contiple-place-${agent}`;
    this.#kept = readKept(this.#key);
    this.#handle = dialog.querySelector("[data-part=dock-handle]");
    this.#listen();
    this.choose(this.#kept.place);
  }

  /** Whether the page can't be seen: the dialog fills the window, as it always does on a phone. */
  get coversPage() {
    const { width, height } = this.#dialog.getBoundingClientRect();
    return width >= window.innerWidth && height >= window.innerHeight;
  }

  choose(place) {
    const chosen = PLACES.includes(place) ? place : "floating";
    this.#dialog.dataset.place = chosen;
    for (const button of this.#dialog.querySelectorAll("[data-action=place]")) setPressed(button, button.dataset.to === chosen);
    this.#orderColumns();
    this.#keep({ place: chosen });
    this.noteOpen();
  }

  /** The dialog has been opened or closed: the page has as much room as it leaves. */
  noteOpen() {
    const { dataset, hidden } = this.#dialog;
    document.documentElement.toggleAttribute("data-docked", dataset.place === "docked" && !hidden);
    this.#room.inert = dataset.place === "filled" && !hidden; // Tab reaches nothing that is covered
    this.#tellWidth();
  }

  leave() {
    document.documentElement.removeAttribute("data-docked");
    this.#room.inert = false;
    window.removeEventListener("resize", this.#tellWidth);
  }

  /** The page, without the dialog. */
  get #room() {
    return document.querySelector(".desk-room");
  }

  /** In three columns Active Chats come first, for the keyboard too. */
  #orderColumns() {
    const [main, side] = [".chat-dialog-main", ".chat-dialog-side"].map((part) => this.#dialog.querySelector(`.chat-dialog-body > ${part}`));
    if (this.#dialog.dataset.place === "filled") main.before(side);
    else main.after(side);
  }

  #listen() {
    window.addEventListener("resize", this.#tellWidth);
    this.#handle.addEventListener("keydown", (event) => this.#pressed(event));
    this.#handle.addEventListener("dblclick", () => this.#widen(0));
    follow(this.#handle, () => (event) => this.#widen(window.innerWidth - event.clientX));
    follow(this.#dialog.querySelector(".chat-dialog-header"), (event) => this.#beginMove(event));
  }

  #pressed(event) {
    const step = event.shiftKey ? PAGE_STEP_PX : STEP_PX;
    const { min, max, now } = this.#widths();
    const widths = { ArrowLeft: now + step, ArrowRight: now - step, PageUp: now + PAGE_STEP_PX, PageDown: now - PAGE_STEP_PX, Home: min, End: max };
    if (!(event.key in widths)) return;
    event.preventDefault();
    this.#widen(Math.min(max, Math.max(min, widths[event.key])));
  }

  /** 0 is the usual width. */
  #widen(width) {
    this.#keep({ width: Math.max(0, Math.round(width)) });
    this.#tellWidth();
  }

  #beginMove(event) {
    if (this.#dialog.dataset.place !== "floating" || event.target.closest(STARTS_BELOW)) return null;
    const box = this.#dialog.getBoundingClientRect();
    const [x, y] = [event.clientX, event.clientY];
    return (moved) => {
      const end = window.innerWidth - box.right - (moved.clientX - x);
      const bottom = window.innerHeight - box.bottom - (moved.clientY - y);
      const [right, below] = [window.innerWidth - box.width, window.innerHeight - box.height];
      this.#keep({ end: within(end, right), bottom: within(bottom, below) });
    };
  }

  #tellWidth = () => {
    const { min, max, now } = this.#widths();
    const told = { valuemin: min, valuemax: max, valuenow: now };
    for (const [name, value] of Object.entries(told)) this.#handle.setAttribute(`aria-${name}`, String(Math.round(value)));
  };

  /** In pixels, as the style sheet has them. */
  #widths() {
    const style = getComputedStyle(document.documentElement);
    const [min, max] = ["--dock-min", "--dock-max"].map((name) => parseFloat(style.getPropertyValue(name)));
    return { min, max, now: this.#dialog.offsetWidth || min };
  }

  #keep(change) {
    Object.assign(this.#kept, change);
    const { width, end, bottom } = this.#kept;
    const { style } = document.documentElement;
    const sizes = { "--dock-width": width, "--float-end": end, "--float-bottom": bottom };
    for (const [name, value] of Object.entries(sizes)) {
      if (value > 0 || (value === 0 && name !== "--dock-width")) style.setProperty(name, `${value}px`);
      else style.removeProperty(name);
    }
    localStorage.setItem(this.#key, JSON.stringify(this.#kept));
  }
}

function within(value, most) {
  return Math.round(Math.max(0, Math.min(value, most)));
}

function readKept(key) {
  try {
    const { place, width, end, bottom } = JSON.parse(localStorage.getItem(key)) || {};
    return { place, width: Number(width) || 0, end: numberOrNone(end), bottom: numberOrNone(bottom) };
  } catch {
    return {};
  }
}

function numberOrNone(value) {
  return Number.isFinite(value) ? value : undefined;
}

/** While a pointer is down on `element`, what `begin(event)` returned is called with each of its moves. */
function follow(element, begin) {
  element.addEventListener("pointerdown", (event) => {
    const move = event.button === 0 && event.isPrimary ? begin(event) : null;
    if (!move) return;
    event.preventDefault(); // selects no text
    element.setPointerCapture(event.pointerId);
    element.dataset.dragged = "";
    const ends = new AbortController();
    element.addEventListener("pointermove", move, { signal: ends.signal });
    const end = () => {
      ends.abort();
      delete element.dataset.dragged;
    };
    for (const name of ["pointerup", "pointercancel", "lostpointercapture"]) element.addEventListener(name, end, { signal: ends.signal });
  });
}
