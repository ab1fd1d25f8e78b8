// Forms that a script sends, and what it asks for.

/** Headers of what a page asks for by itself: it is no sign that somebody is there. */
export const BY_THE_CLOCK = { "X-Requested-With": "fetch", "X-By-The-Clock": "1" };

/** Returns what the browser would send of `form`. */
export function fieldsOf(form) {
  return new URLSearchParams(new FormData(form));
}

/** Calls `send()` and returns its answer. Until then the form's button is off, so that nothing is sent twice. */
export async function withButtonOff(form, send) {
  const button = form.querySelector("button:not([type=button])");
  button.disabled = true;
  const answer = await send();
  button.disabled = false;
  return answer;
}

/** Returns what to tell a person about an answer that is none (null) or a failure; a sentence of ours is passed on. */
export async function failureOf(response, texts) {
  if (!response) return texts.unreachable;
  const isSentence = (response.headers.get("Content-Type") || "").startsWith("text/plain") && response.status < 500;
  return isSentence && response.status !== 404 ? response.text() : texts.unavailable;
}

/** Sends `fields` to `action` as a form of the page around this one would; the answer is shown there, or in `target`. */
export function submitFields(root, action, fields, target = "_parent") {
  const form = Object.assign(document.createElement("form"), { method: "post", action, target, hidden: true });
  if (target === "_blank") form.setAttribute("rel", "noopener");
  for (const [name, value] of fields) {
    form.append(Object.assign(document.createElement("input"), { type: "hidden", name, value }));
  }
  root.append(form);
  form.submit();
  form.remove();
}
