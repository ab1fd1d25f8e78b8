// The Wallboard, kept up to date: soon after the desk hears of a change, and every few seconds. A row is never drawn
// anew under a press, none moves while the pointer is in its table, and what is selected stays.

import { asked } from "./ask-dialog.js";
import { showLevels } from "./desk-waits.js";
import { BY_THE_CLOCK } from "./forms.js";
import { localiseTimes, takeServerNow } from "./times.js";

const ASK_EVERY_MS = 4_000;
const LEAST_MS = 1_000; // in a rush the desk hears of changes many times a second
const FAILED_MAX = 2; // one answer may be lost

class WallBoard extends HTMLElement {
  #timers = [];
  #drawn = new WeakMap(); // what the server wrote for a part, which times have changed since
  #fresh = null; // the board that has not been shown yet
  #isPressed = false;
  #isAsking = false;
  #askedAt = 0;
  #failed = 0;

  connectedCallback() {
    takeServerNow(this.#board);
    this.#remember(this);
    this.#timers = [setInterval(() => this.#ask(), ASK_EVERY_MS), setInterval(() => this.#tick(), 1000)];
    document.addEventListener("visibilitychange", this.#ask);
    document.addEventListener("desk-shown", this.#ask);
    window.addEventListener("pointerup", this.#release);
    window.addEventListener("pointercancel", this.#release);
    this.addEventListener("pointerdown", () => (this.#isPressed = true));
    this.addEventListener("pointerout", () => this.#show());
    this.addEventListener("click", (event) => this.#look(event), { capture: true }); // before htmx follows the link
    this.addEventListener("change", () => this.#count());
    this.addEventListener("submit", (event) => this.#askFirst(event), { capture: true }); // before anybody sends it
    this.#tick();
    this.#count();
  }

  disconnectedCallback() {
    this.#timers.forEach(clearInterval);
    document.removeEventListener("visibilitychange", this.#ask);
    document.removeEventListener("desk-shown", this.#ask);
    window.removeEventListener("pointerup", this.#release);
    window.removeEventListener("pointercancel", this.#release);
  }

  get #board() {
    return this.querySelector("[data-part=board]");
  }

  #tick() {
    showLevels(this, Number(this.#board.dataset.target));
  }

  #release = () => {
    setTimeout(() => {
      this.#isPressed = false; // the click comes before
      this.#show();
    });
  };

  #ask = async () => {
    if (document.hidden || this.#isAsking) return;
    this.#isAsking = true;
    const early = this.#askedAt + LEAST_MS - Date.now();
    if (early > 0) await new Promise((resolve) => setTimeout(resolve, early));
    this.#askedAt = Date.now();
    const response = await fetch(this.dataset.url, { headers: BY_THE_CLOCK }).catch(() => null);
    const isGood = response?.status === 200 && !response.redirected;
    this.#failed = isGood ? 0 : this.#failed + 1;
    this.querySelector("[data-part=stale]").hidden = this.#failed < FAILED_MAX;
    if (isGood && this.isConnected) {
      const template = document.createElement("template");
      template.innerHTML = await response.text();
      this.#fresh = template.content.querySelector("[data-part=board]");
      takeServerNow(this.#fresh);
      this.#show();
    }
    this.#isAsking = false;
  };

  #show() {
    if (!this.#fresh || this.#isPressed) return;
    const fresh = this.#fresh;
    this.#board.dataset.target = fresh.dataset.target;
    for (const part of fresh.querySelectorAll("[data-live]")) {
      const shown = this.querySelector(`[data-live=${part.dataset.live}]`);
      if (shown) this.#renew(shown, part);
    }
    const settled = [...fresh.querySelectorAll("[data-rows]")].map((rows) => this.#showRows(rows));
    this.#showTargets(fresh.querySelector("template[data-part=free]"));
    if (settled.every(Boolean)) this.#fresh = null;
    localiseTimes(this);
    this.#tick();
    this.#count();
  }

  /** False if rows have yet to take their places, because the pointer is among them. */
  #showRows(fresh) {
    const body = this.querySelector(`[data-rows=${fresh.dataset.rows}]`);
    if (!body) return true;
    const there = new Map([...body.rows].map((row) => [row.dataset.key, row]));
    const isAimedAt = body.matches(":hover");
    const order = [...fresh.rows].map((row) => this.#row(there.get(row.dataset.key), row));
    const gone = [...body.rows].filter((row) => !order.includes(row));
    for (const row of gone) {
      row.toggleAttribute("data-gone", true);
      for (const box of row.querySelectorAll("input")) [box.checked, box.disabled] = [false, true];
    }
    if (!isAimedAt) placeRows(body, order);
    else body.append(...order.filter((row) => row.parentNode !== body));
    return !isAimedAt || !(gone.length || order.some((row, index) => row !== body.rows[index]));
  }

  #row(shown, fresh) {
    if (!shown) {
      const row = fresh.cloneNode(true);
      this.#remember(row);
      return row;
    }
    shown.removeAttribute("data-gone");
    for (const box of shown.querySelectorAll("input")) box.disabled = false;
    [...fresh.cells].forEach((cell, index) => {
      if (!("keep" in cell.dataset)) this.#renew(shown.cells[index], cell);
    });
    return shown;
  }

  /** Puts what the server wrote in the place of what it wrote before, unless that is the same. */
  #renew(shown, fresh) {
    const html = fresh.innerHTML;
    if (this.#drawn.get(shown) === html) return;
    const href = shown.contains(document.activeElement) ? document.activeElement.getAttribute("href") : null;
    for (const { name, value } of fresh.attributes) shown.setAttribute(name, value);
    shown.innerHTML = html;
    this.#drawn.set(shown, html);
    if (href) shown.querySelector(`[href="${href}"]`)?.focus();
  }

  #remember(root) {
    for (const part of root.querySelectorAll("[data-live], td")) this.#drawn.set(part, "");
  }

  #showTargets(fresh) {
    const shown = this.querySelector("[data-part=targets]");
    const list = shown?.closest("select");
    if (!fresh || !list || list === document.activeElement || this.#drawn.get(shown) === fresh.innerHTML) return;
    const [chosen] = list.selectedOptions;
    shown.innerHTML = fresh.innerHTML;
    this.#drawn.set(shown, fresh.innerHTML);
    list.value = chosen.value;
    if (list.selectedIndex >= 0) return;
    shown.append(chosen); // who can't take a chat just now stays chosen, or the chats would go elsewhere
    chosen.selected = true;
  }

  #count() {
    const act = this.querySelector("[data-part=act]");
    if (!act) return;
    const number = this.querySelectorAll("[name=chat]:checked").length;
    const count = act.querySelector("[data-part=count]");
    act.hidden = !number;
    if (count.textContent !== String(number)) count.textContent = number ? count.dataset.text.replace("{}", number) : "";
  }

  /** A chat is shown in the dialog; on a page without one its link leads to it. */
  #look(event) {
    const link = event.target.closest("[data-look]");
    const desk = document.querySelector("chat-desk");
    if (!link || !desk || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    event.stopPropagation();
    desk.look(link.dataset.look);
  }

  /** Asks before chats are ended. */
  async #askFirst(event) {
    const { submitter, target } = event;
    if (!submitter?.dataset.title || submitter.dataset.asked) return;
    event.preventDefault();
    event.stopPropagation();
    if (!(await asked(submitter.dataset, submitter.dataset.cancel))) return;
    submitter.dataset.asked = "yes";
    target.requestSubmit(submitter);
    delete submitter.dataset.asked;
  }
}

/** A row that moves loses the focus, which comes back. */
function placeRows(body, order) {
  if (order.length === body.rows.length && order.every((row, index) => row === body.rows[index])) return;
  const { activeElement } = document;
  body.replaceChildren(...order);
  if (body.contains(activeElement)) activeElement.focus({ preventScroll: true });
}

customElements.define("wall-board", WallBoard);
