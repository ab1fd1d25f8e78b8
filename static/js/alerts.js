// Tells an agent that a chat rings, in the tab's title and with a sound, as long as one is unanswered.

const RING_EVERY_S = 3;
const KEY = "contiple-sound";

export class Alerts {
  #ringing = 0;
  #timer = 0;
  #context = null;
  #prefix = "";

  constructor() {
    // A page may make a sound only after the person has done something in it.
    document.addEventListener("pointerdown", () => this.#audio(), { once: true });
  }

  get isSoundOn() {
    return localStorage.getItem(KEY) !== "off";
  }

  set isSoundOn(on) {
    localStorage.setItem(KEY, on ? "on" : "off");
    if (on) this.#audio();
  }

  /** `count` chats ring now; `text` says so in the title. */
  ring(count, text) {
    const began = count > this.#ringing;
    this.#ringing = count;
    this.#prefix = count ? `(${count}) ${text} – ` : "";
    clearInterval(this.#timer);
    this.#title(true);
    if (!count) return;
    if (began) this.#sound();
    let turn = 0;
    this.#timer = setInterval(() => {
      this.#title(turn++ % 2 === 1);
      if (turn % RING_EVERY_S === 0) this.#sound();
    }, 1000);
  }

  #title(ringing) {
    const title = document.title.replace(/^\(\d+\) .*? – /, "");
    document.title = ringing ? this.#prefix + title : title;
  }

  #audio() {
    this.#context ??= new AudioContext();
    if (this.#context.state === "suspended") this.#context.resume().catch(() => {});
    return this.#context;
  }

  /** Plays two soft notes; if several tabs are open, in one of them. */
  #sound() {
    if (!this.isSoundOn || !navigator.userActivation?.hasBeenActive) return;
    const play = () => {
      const context = this.#audio();
      [0, 0.18].forEach((delay, index) => this.#note(context, context.currentTime + delay, index ? 880 : 660));
      return new Promise((resolve) => setTimeout(resolve, 900));
    };
    if (navigator.locks) navigator.locks.request("contiple-ring", { ifAvailable: true }, (lock) => lock && play());
    else play();
  }

  #note(context, at, frequency) {
    const oscillator = context.createOscillator();
    const gain = context.createGain();
    oscillator.frequency.value = frequency;
    gain.gain.setValueAtTime(0.0001, at);
    gain.gain.exponentialRampToValueAtTime(0.12, at + 0.02);
    gain.gain.exponentialRampToValueAtTime(0.0001, at + 0.35);
    oscillator.connect(gain).connect(context.destination);
    oscillator.start(at);
    oscillator.stop(at + 0.4);
  }
}
