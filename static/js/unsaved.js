// A form that says data-unsaved: while something in it is changed and not saved, its Save stays in view (the style sheet
// does that by data-changed), and leaving the page asks first. A form that came back refused counts as changed.

import { asked } from "./ask-dialog.js";

const NOT_SAVED = "[data-not-saved]"; // what is only tried
let here = window.location.href;
let isSending = false;
let isLeaving = false;

const changedForm = () => document.querySelector("form[data-changed]");

function show(form) {
  if (!form?.matches("[data-unsaved]")) return;
  const isChanged = form.dataset.unsaved === "refused" || [...form.elements].some(differs);
  form.toggleAttribute("data-changed", isChanged);
  const note = form.querySelector("[data-part=unsaved]");
  if (!note) return;
  if (!note.textContent !== !isChanged) note.textContent = isChanged ? note.dataset.text : "";
  form.querySelector("[data-action=discard]").hidden = !isChanged;
}

function differs(field) {
  if (!field.name || field.closest(NOT_SAVED)) return false;
  if (field.type === "checkbox" || field.type === "radio") return field.checked !== field.defaultChecked;
  if (field instanceof HTMLSelectElement) return differsFromChosen([...field.options], field.multiple);
  return "defaultValue" in field && field.value !== field.defaultValue;
}

/** Of one choice that nobody made, the first option is there. */
function differsFromChosen(options, isMultiple) {
  const isFirst = !isMultiple && !options.some((option) => option.defaultSelected);
  return options.some((option, at) => option.selected !== (option.defaultSelected || (isFirst && at === 0)));
}

async function mayLeave() {
  const { stay, ...question } = document.getElementById("leave-question").dataset;
  isLeaving = await asked(question, stay);
  return isLeaving;
}

for (const type of ["input", "change"]) {
  document.addEventListener(type, ({ target }) => {
    isSending = false;
    show(target.form);
  });
}
document.addEventListener("submit", (event) => {
  isSending = event.target.matches("[data-changed]");
});
document.addEventListener("click", ({ target }) => {
  if (!target.closest("[data-action=discard]")) return;
  isLeaving = true;
  document.addEventListener("htmx:afterSettle", () => document.getElementById("content").focus(), { once: true });
});

// A link or another form would put another page in the place of this one.
document.addEventListener("htmx:confirm", async (event) => {
  const { elt, target, issueRequest } = event.detail;
  const form = changedForm();
  if (!form || elt === form || form.contains(elt) || target?.id !== "content") return;
  event.preventDefault();
  if (await mayLeave()) issueRequest(true);
});
// Back and forward: the address is another one already when that is told, so the form's is put back before the question.
window.addEventListener("popstate", async (event) => {
  if (!changedForm() || isLeaving) return;
  event.stopImmediatePropagation();
  if (withoutHash(window.location.href) === withoutHash(here)) return; // another section of the same page
  window.history.pushState({ htmx: true }, "", here);
  if (await mayLeave()) window.history.back();
});
window.addEventListener("beforeunload", (event) => {
  if (changedForm() && !isSending && !isLeaving) event.preventDefault();
});

function withoutHash(address) {
  return address.split("#")[0];
}

function showAll() {
  here = window.location.href;
  isLeaving = isSending = false;
  for (const form of document.forms) show(form);
}

document.addEventListener("htmx:load", showAll);
window.addEventListener("pageshow", showAll); // fields may be filled in again by the browser
