// Marks a text in messages without changing them: masks and selections count their characters. Browsers without the CSS
// Custom Highlight API show which message is meant.

const NAMES = ["found", "found-current"];
const painted = new WeakMap(); // who has painted → ranges by name

/** Marks `text` in `messages`, and more so in the `current` one, in place of what `owner` has marked before. */
export function paint(owner, messages, text = "", current = null) {
  for (const message of document.querySelectorAll(".message[data-found]")) {
    if (painted.get(owner)?.messages.includes(message)) delete message.dataset.found;
  }
  const ranges = { found: [], "found-current": [] };
  const pattern = text && new RegExp(text.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&"), "giu");
  for (const message of messages) {
    const isCurrent = message === current;
    message.dataset.found = isCurrent ? "current" : "";
    ranges[isCurrent ? "found-current" : "found"].push(...rangesOf(message.querySelector(".message-body"), pattern));
  }
  if (CSS.highlights) for (const name of NAMES) replace(name, painted.get(owner)?.ranges[name] || [], ranges[name]);
  painted.set(owner, { messages, ranges });
}

/** Another conversation of the page may have marks too. */
function replace(name, old, ranges) {
  if (!CSS.highlights.has(name)) CSS.highlights.set(name, new Highlight());
  const highlight = CSS.highlights.get(name);
  for (const range of old) highlight.delete(range);
  for (const range of ranges) highlight.add(range);
}

/** The ranges in which an element says so, across the elements in it. */
function rangesOf(element, pattern) {
  if (!element) return [];
  const nodes = [];
  const walker = document.createTreeWalker(element, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) nodes.push(walker.currentNode);
  const text = nodes.map((node) => node.data).join("");
  return [...text.matchAll(pattern)].map((match) => rangeOf(nodes, match.index, match.index + match[0].length));
}

function rangeOf(nodes, start, end) {
  const range = document.createRange();
  range.setStart(...pointAt(nodes, start + 1, 1));
  range.setEnd(...pointAt(nodes, end, 0));
  return range;
}

/** The node in which the character before `offset` is, and the place in it, `back` characters earlier. */
function pointAt(nodes, offset, back) {
  let before = 0;
  for (const node of nodes) {
    if (offset <= before + node.length) return [node, offset - before - back];
    before += node.length;
  }
  return [nodes.at(-1), nodes.at(-1).length];
}
