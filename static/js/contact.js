// Contact Us takes over what was typed in the chat. It comes through this tab's storage, never through a URL, and is
// forgotten when the inquiry has been sent.

/** What a field is to be: what the person wrote here stays, and only an empty box takes the draft. */
export function filled(written, draft) {
  return written.trim() ? written : (draft ?? "");
}

function stored(action) {
  try {
    return action(sessionStorage);
  } catch {
    return null; // storage is switched off, or holds something else: nothing to take over
  }
}

for (const form of document.querySelectorAll("form[data-draft]")) {
  const draft = stored((storage) => JSON.parse(storage.getItem(form.dataset.draft))) || {};
  for (const name of ["name", "email", "message"]) {
    const field = form.elements.namedItem(name);
    field.value = filled(field.value, draft[name]);
  }
}

for (const thanks of document.querySelectorAll("[data-draft-sent]")) {
  stored((storage) => storage.removeItem(thanks.dataset.draftSent));
}
