// Keeps what was typed into a form until it is sent: for this tab alone unless `storage` says otherwise, never in a URL.

export class FormDraft {
  constructor(key, names, storage = sessionStorage) {
    this.key = key;
    this.names = names;
    this.storage = storage;
  }

  get fields() {
    try {
      return JSON.parse(this.storage.getItem(this.key)) || {};
    } catch {
      return {}; // the storage holds something else
    }
  }

  keep(form) {
    const fields = this.#asked(form).map((field) => [field.name, field.value]);
    this.storage.setItem(this.key, JSON.stringify(Object.fromEntries(fields)));
  }

  /** A member of the site is not asked for all of it. */
  #asked(form) {
    return this.names.map((name) => form.elements.namedItem(name)).filter(Boolean);
  }

  /** Begins a new draft with what is known already. */
  begin(fields) {
    this.storage.setItem(this.key, JSON.stringify(fields));
  }

  /** Fills empty boxes with the draft. What the person wrote here stays. */
  fill(form) {
    const { fields } = this;
    for (const field of this.#asked(form)) {
      if (!field.value.trim()) field.value = fields[field.name] ?? "";
      field.dispatchEvent(new Event("change", { bubbles: true }));
    }
  }

  forget() {
    this.storage.removeItem(this.key);
  }
}
