// Shortcuts of the desk: Alt with a key by its place on the keyboard, so that a Korean layout has the same, and `?` for
// their list. The agent can switch them off.
//
// None is ours while a syllable is composed, in a field other than the composer, under a dialog, or with another modifier
// key (AltGr types signs on many keyboards). Browsers and screen readers use none of these with Alt alone.

const SHORTCUTS = {
  KeyJ: { act: (desk) => step(desk, 1) },
  KeyK: { act: (desk) => step(desk, -1) },
  KeyU: { act: nextUnanswered },
  KeyC: { act: (desk) => show(desk) },
  KeyR: { button: "canned-responses > [data-action=canned]" },
  KeyL: { button: ".chat-header [data-action=search]" },
  KeyP: { button: "[data-action=mask]" },
  KeyT: { button: "[data-action=follow-up]" },
  KeyN: { button: "[data-part=note-toggle]" },
  KeyG: { button: ".chat-actions [data-action=hand-over]" },
  KeyX: { button: "[data-action=end]" },
  KeyO: { act: changeStatus },
};
const FIELD = "input, textarea, select, [contenteditable]:not([contenteditable=false])";
const COMPOSER = "chat-desk form.composer textarea";

export class DeskShortcuts {
  #desk;
  #ends = new AbortController();
  #isOn = false;

  /** `askList()` shows the list of shortcuts. */
  constructor(desk, askList) {
    this.#desk = desk;
    const { signal } = this.#ends;
    document.addEventListener("keydown", (event) => this.#pressed(event, askList), { signal });
  }

  leave() {
    this.#ends.abort();
  }

  /** Takes over what the agent has chosen; in every tab. */
  set(isOn) {
    this.#isOn = isOn;
    this.tell();
    for (const field of this.#desk.querySelectorAll("[data-part=shortcuts] [name=shortcuts]")) field.checked = isOn;
  }

  /** Tells the shortcuts of the buttons that are there now, to eyes and to screen readers. */
  tell() {
    for (const [code, { button }] of Object.entries(SHORTCUTS)) {
      const found = button && this.#desk.querySelector(button);
      if (!found) continue;
      const keys = `Alt+${code.slice(-1)}`;
      found.dataset.title ??= found.title || found.textContent.trim();
      found.title = this.#isOn ? `${found.dataset.title} (${keys})` : found.dataset.title;
      if (this.#isOn) found.setAttribute("aria-keyshortcuts", keys);
      else found.removeAttribute("aria-keyshortcuts");
    }
  }

  #pressed(event, askList) {
    if (!this.#isOn || event.isComposing || event.keyCode === 229 || event.defaultPrevented || event.repeat) return;
    if (event.ctrlKey || event.metaKey || event.getModifierState("AltGraph") || document.querySelector("dialog[open]")) return;
    const isField = event.target.matches?.(FIELD);
    if (event.key === "?" && !event.altKey && !isField) return this.#take(event, askList);
    if (!event.altKey || event.shiftKey || (isField && !event.target.matches(COMPOSER))) return;
    const shortcut = SHORTCUTS[event.code];
    if (event.code === "Slash") this.#take(event, askList);
    else if (shortcut) this.#take(event, () => (shortcut.act ? shortcut.act(this.#desk) : press(this.#desk, shortcut.button)));
  }

  #take(event, act) {
    event.preventDefault();
    act();
  }
}

/** Shows the desk with the chat on display. */
function show(desk) {
  if (desk.dialog.hidden) desk.toggle(true);
  else desk.pane.focusComposer();
}

/** Presses a button of the chat on display, if it has it. */
function press(desk, selector) {
  const button = desk.querySelector(selector);
  if (!button || button.disabled) return;
  if (desk.dialog.hidden) desk.toggle(true);
  button.click();
}

/** Opens the chat after (1) or before (-1) the one on display, of those that the agent has open. */
function step(desk, by) {
  const entries = ownEntries(desk, "active");
  const at = entries.findIndex(isCurrent);
  const next = at < 0 ? entries.at(by > 0 ? 0 : -1) : entries[(at + by + entries.length) % entries.length];
  open(desk, next);
}

/** Opens the chat that rings, else the one whose customer has waited longest for an answer. */
function nextUnanswered(desk) {
  const waiting = ownEntries(desk, "active").filter((entry) => waitOf(entry) && !isCurrent(entry));
  waiting.sort((one, other) => sinceOf(one) - sinceOf(other));
  open(desk, [...ownEntries(desk, "ringing"), ...waiting][0]);
}

function changeStatus(desk) {
  const status = desk.dataset.status === "online" ? "offline" : "online";
  desk.querySelector(`button[data-status=${status}]:not(.chat-widget)`).click();
}

function open(desk, entry) {
  if (desk.dialog.hidden) desk.toggle(true);
  if (entry && !isCurrent(entry)) desk.pane.open(entry);
}

function ownEntries(desk, state) {
  return [...desk.querySelectorAll(`[data-part=list] .chat-entry[data-state=${state}]`)];
}

function isCurrent(entry) {
  return entry.getAttribute("aria-current") === "true";
}

function waitOf(entry) {
  return entry.querySelector("[data-part=wait]:not([hidden])");
}

function sinceOf(entry) {
  return new Date(waitOf(entry).querySelector("time").dateTime).getTime();
}
