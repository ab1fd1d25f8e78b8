// Scripts that a page can do without until somebody needs them.

/** Loads, once, the script that the element names; without an element, nothing. Returns what loads it now. */
export function loadScriptOf(element) {
  const src = element?.dataset.script;
  if (!src) return null;
  delete element.dataset.script;
  const script = Object.assign(document.createElement("script"), { type: "module", src });
  script.addEventListener("error", () => (element.dataset.script = src));
  document.head.append(script);
  return script;
}
