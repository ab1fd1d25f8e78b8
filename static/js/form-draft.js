// Keeps what was typed into a form until it is sent: for this tab alone, never in a URL.

export class FormDraft {
  constructor(key, names) {
    this.key = key;
    this.names = names;
  }

  get fields() {
    try {
      return JSON.parse(sessionStorage.getItem(this.key)) || {};
    } catch {
      return {}; // the storage holds something else
    }
  }

  keep(form) {
    const fields = this.names.map((name) => [name, form.elements.namedItem(name).value]);
    sessionStorage.setItem(this.key, JSON.stringify(Object.fromEntries(fields)));
  }

  /** Begins a new draft with what is known already. */
  begin(fields) {
    sessionStorage.setItem(this.key, JSON.stringify(fields));
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
    sessionStorage.removeItem(this.key);
  }
}
