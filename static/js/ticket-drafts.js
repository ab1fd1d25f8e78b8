// What an agent types on a ticket is kept on the server, so another tab or device of the agent goes on with it.
//
// A box that somebody typed in is never filled by a draft from elsewhere before its own words are kept. The server
// refuses a draft that comes later than the form that was sent.

const KEEP_AFTER_MS = 1000;

const forms = () => document.querySelectorAll("form[data-draft]");
const timers = new WeakMap(); // of forms whose words are not kept yet
const under = new WeakSet(); // whose words are under way: the next ones wait, so that the last ones stay
const bodyOf = (form) => form.elements.namedItem("body");

document.addEventListener("input", ({ target }) => keepLater(target.closest("form[data-draft]")));
document.addEventListener("change", ({ target }) => keepLater(target.closest("form[data-draft]")));
document.addEventListener("visibilitychange", () => (document.hidden ? keepAll() : takeOver()));
window.addEventListener("focus", takeOver);
document.addEventListener("ticket-changed", takeOver); // somebody masked what is in a box, perhaps
window.addEventListener("pagehide", keepAll);
// What is being sent is no draft; what could not be sent is one again.
document.addEventListener("htmx:beforeRequest", ({ detail }) => forgetTimer(detail.requestConfig.elt));
document.addEventListener("htmx:afterRequest", ({ detail }) => {
  const form = detail.requestConfig.elt;
  if (!detail.successful && form.isConnected && form.matches("form[data-draft]")) keepLater(form);
});
document.addEventListener("click", ({ target }) => {
  if (target.closest("[data-action=discard]")) discard(target.closest("form"));
});

function keepLater(form) {
  if (!form) return;
  forgetTimer(form);
  timers.set(form, setTimeout(() => keep(form), KEEP_AFTER_MS));
}

function forgetTimer(form) {
  clearTimeout(timers.get(form));
  timers.delete(form);
}

function keepAll() {
  for (const form of forms()) if (timers.has(form)) keep(form);
}

async function keep(form) {
  if (under.has(form)) return keepLater(form);
  forgetTimer(form);
  under.add(form);
  const fields = new URLSearchParams(new FormData(form));
  fields.set("kind", form.dataset.draft);
  const answer = await ask(form, { method: "POST", body: fields, keepalive: true });
  under.delete(form);
  if (answer) show(form, answer.stamp);
  else form.querySelector("[data-part=draft]").hidden = true; // nothing says “kept” that is not
}

/** Fills the boxes with what was written elsewhere, or empties those whose draft was sent there. */
async function takeOver() {
  const [first] = forms();
  const drafts = first && (await ask(first, {}));
  if (!drafts) return;
  for (const form of forms()) {
    const { stamp = "", ...fields } = drafts[form.dataset.draft] || { body: "" };
    if (timers.has(form) || under.has(form) || stamp === form.dataset.stamp) continue;
    for (const [name, value] of Object.entries(fields)) {
      const field = form.elements.namedItem(name);
      if (field && (value || name !== "state")) field.value = value;
    }
    show(form, stamp);
  }
}

function discard(form) {
  bodyOf(form).value = "";
  bodyOf(form).focus();
  keep(form);
}

function show(form, stamp) {
  form.dataset.stamp = stamp;
  form.querySelector("[data-part=draft]").hidden = !stamp;
}

/** Returns the answer, or null if there is none: the words are still in the box then. */
async function ask(form, options) {
  const headers = { "X-Requested-With": "fetch" };
  const response = await fetch(form.dataset.draftUrl, { headers, ...options }).catch(() => null);
  return response?.ok && !response.redirected ? response.json() : null;
}
