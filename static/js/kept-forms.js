// What was typed into a form of the desk is kept when it is sent, until the server has it. So it is back after a sign-in,
// or after a page that had to be loaded again. It is kept for this tab and this person alone: somebody else who signs in
// here never sees it, and a sign-out forgets it.

const KEY = "contiple-kept-forms";
const TEXT = "textarea, input:not([type]), input[type=text], input[type=email], input[type=url], input[type=number]";

const user = () => document.body.dataset.user;

export function keep(form) {
  const written = [...form.querySelectorAll(TEXT)].some((field) => field.value.trim());
  if (!user() || !written || form.querySelector("[type=password]")) return;
  const fields = [...new FormData(form)].filter(([name]) => name !== "csrfmiddlewaretoken");
  store({ ...stored(), [keyOf(form)]: fields });
}

export function forget(form) {
  const { [keyOf(form)]: _sent, ...others } = stored();
  store(others);
}

function forgetAll() {
  sessionStorage.removeItem(KEY);
}

/** Fills the forms of the page with what was kept for them, and says so with `text`. */
export function restore(text) {
  const forms = user() ? stored() : {};
  if (!Object.keys(forms).length) return;
  for (const form of document.forms) {
    const fields = forms[keyOf(form)];
    if (!fields) continue;
    fill(form, fields);
    const note = Object.assign(document.createElement("p"), { className: "notice notice-info", textContent: text });
    note.setAttribute("role", "status");
    form.prepend(note);
    form.scrollIntoView({ block: "nearest" });
    forget(form);
  }
}

/** Says on the page of the sign-in that something waits to be filled in again. */
export function sayThatItIsKept() {
  const note = document.getElementById("kept-note");
  if (note) note.hidden = !sessionStorage.getItem(KEY);
}

function fill(form, fields) {
  for (const field of form.elements) {
    if (!field.name || field.name === "csrfmiddlewaretoken" || field.type === "submit") continue;
    const values = fields.filter(([name]) => name === field.name).map(([_name, value]) => value);
    if (field.type === "checkbox" || field.type === "radio") field.checked = values.includes(field.value);
    else if (values.length) field.value = values[0];
    field.dispatchEvent(new Event("input", { bubbles: true }));
  }
}

/** Where the form is sent, and its fields: two forms of a page may have one address. */
function keyOf(form) {
  const names = [...form.elements].map((field) => field.name).filter((name) => name && name !== "csrfmiddlewaretoken");
  const address = form.getAttribute("action") || form.getAttribute("hx-post") || "";
  return `${new URL(address, window.location.href).pathname} ${[...new Set(names)].join(" ")}`;
}

/** What is kept of this person. What is there of another one is gone. */
function stored() {
  try {
    const kept = JSON.parse(sessionStorage.getItem(KEY));
    if (kept?.user === user()) return kept.forms;
    if (kept && user()) forgetAll();
  } catch {
    forgetAll();
  }
  return {};
}

function store(forms) {
  if (Object.keys(forms).length) sessionStorage.setItem(KEY, JSON.stringify({ user: user(), forms }));
  else forgetAll();
}
