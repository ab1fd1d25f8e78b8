// A grid of emoji that is made when it is first opened. The chosen one comes in at the cursor of the form's text box.

const EMOJI = [
  "😀 😄 😊 🙂 😉 😍 🤗 🥰 😅 😂 🤣 😎 🤔 😮 😳 🙄 😢 😭 😞 😔 😡 😤 😱 😴",
  "👍 👎 👏 🙏 🙌 👋 🤝 💪 👌 ✌️ ❤️ 💙 💔 ✨ 🎉 🔥 ✅ ❌ ❓ ❗ ⭐ 💯 📦 🎁",
];
const COLUMNS = 8;
const GAP_PX = 6;
const STEPS = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: COLUMNS, ArrowUp: -COLUMNS };

class EmojiPicker extends HTMLElement {
  connectedCallback() {
    this.button = this.querySelector("button");
    this.grid = this.querySelector("[popover]");
    this.button.addEventListener("click", () => this.#open());
    this.grid.addEventListener("click", (event) => this.#chosen(event.target.closest("button")));
    this.grid.addEventListener("toggle", (event) => this.#toggled(event.newState === "open"));
    this.addEventListener("keydown", (event) => this.#pressed(event));
  }

  get #isOpen() {
    return this.grid.matches(":popover-open");
  }

  #open() {
    if (!this.grid.firstChild) this.grid.append(...EMOJI.join(" ").split(" ").map(buttonOf));
    this.grid.showPopover();
    const { top, left } = this.button.getBoundingClientRect();
    const right = document.documentElement.clientWidth - this.grid.offsetWidth - GAP_PX;
    this.grid.style.left = `${Math.max(GAP_PX, Math.min(left, right))}px`;
    this.grid.style.top = `${Math.max(GAP_PX, top - this.grid.offsetHeight - GAP_PX)}px`;
    this.#focus(this.grid.firstChild);
  }

  #toggled(isOpen) {
    this.button.setAttribute("aria-expanded", String(isOpen));
  }

  /** The Tab key passes the grid in one step; arrows move within it. */
  #focus(button) {
    for (const other of this.grid.children) other.tabIndex = other === button ? 0 : -1;
    button.focus();
  }

  #pressed(event) {
    if (!this.#isOpen) return;
    if (event.key === "Escape") this.#close(this.button);
    else if (STEPS[event.key]) this.#move(STEPS[event.key]);
    else return;
    event.preventDefault();
    event.stopPropagation(); // Escape closes this alone
  }

  #move(step) {
    const buttons = [...this.grid.children];
    const next = buttons[buttons.indexOf(document.activeElement) + step];
    if (next) this.#focus(next);
  }

  #close(next) {
    this.grid.hidePopover();
    next.focus();
  }

  #chosen(button) {
    if (!button) return;
    this.#close(this.closest("form").querySelector("textarea"));
    document.execCommand("insertText", false, button.textContent); // as if typed: with undo, and within the limit
  }
}

function buttonOf(emoji) {
  return Object.assign(document.createElement("button"), { type: "button", textContent: emoji });
}

customElements.define("emoji-picker", EmojiPicker);
