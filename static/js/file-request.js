// One try to send a file. The file is the body; its id makes a second try harmless.

// A line that moves nothing for this long is dead, whatever the browser believes. The server needs some of it at the end.
const SILENCE_MS = 60_000;

/**
 * Sends `body` to `target.url` under the upload's `id` and `name`; `progressed(bytes)` tells how much has gone.
 * Returns the `answer`, a promise of an XMLHttpRequest (its status is 0 if none came), and how to `abort`.
 */
export function send({ id, name }, body, target, progressed) {
  const request = new XMLHttpRequest();
  let watchdog = 0;
  const watch = () => {
    clearTimeout(watchdog);
    watchdog = setTimeout(() => request.abort(), SILENCE_MS);
  };
  request.upload.addEventListener("progress", (event) => {
    watch();
    progressed(event.loaded);
  });
  const answer = new Promise((resolve) => request.addEventListener("loadend", () => resolve(request)));
  answer.then(() => clearTimeout(watchdog));
  request.open("POST", target.url);
  const headers = { ...target.headers(), "X-Client-Id": id, "X-File-Name": encodeURIComponent(name.toWellFormed?.() ?? name) };
  for (const [header, value] of Object.entries(headers)) request.setRequestHeader(header, value);
  request.setRequestHeader("Content-Type", "application/octet-stream");
  request.send(body);
  watch();
  return { answer, abort: () => request.abort() };
}

/** Returns what an answer means: `sent` at a place, to be tried `again` after some seconds, or `refused` with a code and a text. */
export function meaningOf(request, tries) {
  const { status } = request;
  const { seq, code = status ? String(status) : "", text = "" } = read(request.responseText);
  if ((status === 200 || status === 201) && seq) return { sent: seq };
  const wait = Number(request.getResponseHeader("Retry-After")) || 0;
  const isOverSoon = status === 0 || status === 408 || status === 503 || (status === 429 && wait);
  if (isOverSoon || (status >= 500 && tries < TRIES_MAX)) return { again: wait, code, text };
  return { refused: code, text };
}

// A server that fails so often fails because of this file.
const TRIES_MAX = 5;

function read(text) {
  try {
    return JSON.parse(text) || {};
  } catch {
    return {}; // a page of a proxy, or of a sign-in
  }
}
