// Soft notes, if the person has done something in this page: before that, browsers keep pages silent.

const RING = [660, 880];

let context = null;

function audio() {
  context ??= new AudioContext();
  if (context.state === "suspended") context.resume().catch(() => {});
  return context;
}

document.addEventListener("pointerdown", audio, { once: true });

/** Plays them in one of the tabs that ask for it within `quietMs`; `name` is what they ask for, `volume` at most 1. */
export function chime(name, { notes = RING, volume = 1, quietMs = 900 } = {}) {
  if (!navigator.userActivation?.hasBeenActive || !volume) return;
  const play = () => {
    notes.forEach((frequency, index) => note(audio(), context.currentTime + 0.18 * index, frequency, 0.12 * volume));
    return new Promise((resolve) => setTimeout(resolve, quietMs));
  };
  if (navigator.locks) navigator.locks.request(name, { ifAvailable: true }, (lock) => lock && play());
  else play();
}

function note(audio, at, frequency, loudness) {
  const oscillator = audio.createOscillator();
  const gain = audio.createGain();
  oscillator.frequency.value = frequency;
  gain.gain.setValueAtTime(0.0001, at);
  gain.gain.exponentialRampToValueAtTime(loudness, at + 0.02);
  gain.gain.exponentialRampToValueAtTime(0.0001, at + 0.35);
  oscillator.connect(gain).connect(audio.destination);
  oscillator.start(at);
  oscillator.stop(at + 0.4);
}
