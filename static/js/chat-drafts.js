// What somebody typed for a chat in this tab and has not sent.

const keysOf = (outbox) => `contiple-draft-chat:${outbox.name}:`;

/** Returns where the text box of `chat` keeps its draft; `outbox` says whose tab it is. */
export function draftKey(outbox, chat) {
  return `${keysOf(outbox)}${chat}`;
}

/** Forgets the draft of a chat that nothing can be sent in any more. A note stays: it may come after the end. */
export function forgetDraft(outbox, chat) {
  const key = draftKey(outbox, chat);
  for (const each of [key, `${key}:edit`, `${key}:kept`]) sessionStorage.removeItem(each);
}

/** Forgets every draft and unsent message except those for `chat` (0: for none). */
export function keepOnly(outbox, chat) {
  outbox.keepOnly(chat);
  if (!chat) sessionStorage.removeItem(`contiple-files:${outbox.name}`); // names of files (file-uploads.js)
  const drafts = Object.keys(sessionStorage).filter((key) => key.startsWith(keysOf(outbox)));
  for (const key of drafts) if (key !== draftKey(outbox, chat)) sessionStorage.removeItem(key);
}
