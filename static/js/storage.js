// Some browsers give a page no storage, and a storage may be full. Everything works there without it: what can't be
// stored is kept in memory, and the next page starts without it.

const memory = new WeakMap();
const { getItem, setItem, removeItem } = Storage.prototype;

function memoryOf(storage) {
  if (!memory.has(storage)) memory.set(storage, new Map());
  return memory.get(storage);
}

Object.assign(Storage.prototype, {
  getItem(key) {
    return memoryOf(this).get(key) ?? getItem.call(this, key);
  },
  setItem(key, value) {
    this.removeItem(key);
    try {
      setItem.call(this, key, value);
    } catch {
      memoryOf(this).set(key, String(value));
    }
  },
  removeItem(key) {
    memoryOf(this).delete(key);
    removeItem.call(this, key);
  },
});

/** Returns whether the next page will find what was stored at this key. */
export function isStored(name, key) {
  try {
    return getItem.call(window[name], key) !== null;
  } catch {
    return false;
  }
}

function inMemory() {
  const kept = new Map();
  return {
    getItem: (key) => kept.get(key) ?? null,
    setItem: (key, value) => void kept.set(key, String(value)),
    removeItem: (key) => void kept.delete(key),
    clear: () => kept.clear(),
  };
}

for (const name of ["localStorage", "sessionStorage"]) {
  try {
    window[name].getItem("");
  } catch {
    Object.defineProperty(window, name, { value: inMemory() });
  }
}
