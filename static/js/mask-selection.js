// Reads what a person selected in a conversation, or in comments, as UTF-16 offsets in each text. The
// offsets count the masked text, even while a mask is open.

/** Remembers the last selection inside `log`, since a tap on a button may clear it (touch). */
export function rememberSelection(log) {
  let last = null;
  const selected = () => {
    const selection = getSelection();
    const range = selection.rangeCount && !selection.isCollapsed ? selection.getRangeAt(0) : null;
    return range && log.contains(range.commonAncestorContainer) ? selectedSpans(log, range) : null;
  };
  const note = () => {
    const spans = selected();
    if (spans) last = spans;
    else if (document.activeElement === document.body || log.contains(getSelection().anchorNode)) last = null;
  };
  document.addEventListener("selectionchange", note);
  return {
    take() {
      const spans = selected() || last || []; // the event of a selection just made may still be on its way
      last = null;
      getSelection().removeAllRanges();
      return spans;
    },
    forget: () => document.removeEventListener("selectionchange", note),
  };
}

/** `[{seq, rev, start, end}]` for each message or comment that the range touches. */
export function selectedSpans(log, range) {
  const spans = [];
  for (const message of log.querySelectorAll("[data-seq]:not(.event)")) {
    const body = message.querySelector(".message-body, .comment-body");
    if (!body || !range.intersectsNode(body)) continue; // a removed file has no name any more
    const whole = document.createRange();
    whole.selectNodeContents(body);
    const start = range.compareBoundaryPoints(Range.START_TO_START, whole) > 0 ? lengthUpTo(body, range.startContainer, range.startOffset) : 0;
    const end = range.compareBoundaryPoints(Range.END_TO_END, whole) < 0 ? lengthUpTo(body, range.endContainer, range.endOffset) : lengthUpTo(body, body, body.childNodes.length);
    if (end > start) spans.push({ seq: Number(message.dataset.seq), rev: Number(message.dataset.rev), start, end });
  }
  return spans;
}

function lengthUpTo(body, container, offset) {
  const range = document.createRange();
  range.selectNodeContents(body);
  range.setEnd(container, offset);
  let length = range.toString().length;
  for (const mask of body.querySelectorAll("masked-text[data-revealed]")) {
    if (!range.intersectsNode(mask)) continue;
    const inside = document.createRange();
    inside.selectNodeContents(mask);
    if (range.compareBoundaryPoints(Range.END_TO_END, inside) < 0) inside.setEnd(container, offset);
    const shown = inside.toString().length;
    // A selection that ends inside an open mask takes all of it: half an original has no place in the masked text.
    length += (shown ? mask.masked.length : 0) - shown;
  }
  return length;
}

/** Masks spans. Returns what to tell the agent. */
export async function maskSpans(url, spans, texts) {
  if (!spans.length) return texts.selectFirst;
  const response = await fetch(url, {
    method: "POST",
    body: JSON.stringify(spans),
    headers: { "Content-Type": "application/json", "X-CSRFToken": texts.csrf, "X-Requested-With": "fetch" },
  }).catch(() => null);
  if (!response) return texts.unreachable;
  if (response.redirected || response.status >= 500) return texts.unavailable;
  if (!response.ok) return response.text();
  return (await response.json()).masked ? texts.masking : texts.already;
}
