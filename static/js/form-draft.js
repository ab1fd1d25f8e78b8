// Keeps what was typed into a form until it is sent: for this tab alone, never in a URL.

export class FormDraft {
  constructor(key, names) {
    this.key = key;
    this.names = names;
  }

  get fields() {
    return stored((storage) => JSON.parse(storage.getItem(this.key))) || {};
  }

  keep(form) {
    const fields = this.names.map((name) => [name, form.elements.namedItem(name).value]);
    stored((storage) => storage.setItem(this.key, JSON.stringify(Object.fromEntries(fields))));
  }

  /** Fills empty boxes with the draft. What the person wrote here stays. */
  fill(form) {
    const { fields } = this;
    for (const name of this.names) {
      const field = form.elements.namedItem(name);
      if (!field.value.trim()) field.value = fields[name] ?? "";
      field.dispatchEvent(new Event("change", { bubbles: true }));
    }
  }

  forget() {
    stored((storage) => storage.removeItem(this.key));
  }
}

function stored(action) {
  try {
    return action(sessionStorage);
  } catch {
    return null; // storage is switched off, or holds something else: there is no draft
  }
}
