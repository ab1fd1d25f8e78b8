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

/** As a storage, its keys are its own properties. */
const inMemory = {
  getItem(key) {
    return Object.hasOwn(this, key) ? this[key] : null;
  },
  setItem(key, value) {
    this[key] = String(value);
  },
  removeItem(key) {
    delete this[key];
  },
  clear() {
    for (const key of Object.keys(this)) delete this[key];
  },
};

for (const name of ["localStorage", "sessionStorage"]) {
  try {
    window[name].getItem("");
  } catch {
    Object.defineProperty(window, name, { value: Object.create(inMemory) });
  }
}
