// Contact Us takes over what was typed in the chat, and keeps what is typed here until it has been sent: the browser
// keeps neither page nor boxes, so that Back shows nothing of what may be masked by then.

import { FormDraft } from "./form-draft.js";
import "./helpcenter.js";
import { loadScriptOf } from "./on-demand.js";
import "./personal-hint.js";

const fromChat = (key) => new FormDraft(key, ["name", "email", "message"]);
const ownOf = (key) => new FormDraft(`${key}:inquiry`, ["name", "email", "subject", "message"]);

for (const form of document.querySelectorAll("form[data-draft]")) {
  const own = ownOf(form.dataset.draft);
  own.fill(form);
  fromChat(form.dataset.draft).fill(form);
  form.addEventListener("input", () => loadScriptOf(form.querySelector("suggested-articles")));
  // A form that carries the words of a chat keeps nothing: they may be masked there, and the chat has them.
  if (!form.elements.namedItem("chat")) form.addEventListener("input", () => own.keep(form));
}

for (const { dataset } of document.querySelectorAll("[data-draft-sent]")) {
  for (const draft of [fromChat(dataset.draftSent), ownOf(dataset.draftSent)]) draft.forget();
}
