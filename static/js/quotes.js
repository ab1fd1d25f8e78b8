// A message that answers another one shows the first words of that one, as the page shows it now: a mask, an edit or a
// removal is in the quote at once. A message that is not loaded is named as an earlier one.

const EXCERPT_LENGTH = 90;
const MARKED_MS = 2000;

document.addEventListener("arranged", (event) => fill(event.target));
document.addEventListener("click", (event) => follow(event));
for (const list of document.querySelectorAll(".conversation")) fill(list);

function fill(list) {
  for (const quote of list.querySelectorAll(".message-quote")) {
    const message = list.querySelector(quote.hash);
    quote.dataset.unknown ??= quote.textContent.trim();
    quote.textContent = message ? excerptOf(message) : quote.dataset.unknown;
  }
}

/** A click leads to the message that is quoted, which is loaded if need be. */
async function follow(event) {
  const quote = event.target.closest(".message-quote");
  if (!quote) return;
  event.preventDefault();
  const scroll = quote.closest(".conversation-scroll");
  const earlier = scroll.querySelector(".conversation-earlier");
  const find = () => scroll.querySelector(quote.hash);
  const wanted = { bubbles: true, cancelable: true, detail: Number(quote.dataset.quote) };
  if (!find() && !scroll.dispatchEvent(new CustomEvent("place-wanted", wanted))) return;
  while (!find() && earlier?.hidden === false) {
    const loaded = new Promise((resolve) => scroll.addEventListener("arranged", resolve, { once: true }));
    earlier.firstElementChild.click();
    await loaded;
  }
  if (find()) show(find());
}

/** Shows a message in the middle, with the focus, and marked for a moment. */
export function show(message) {
  message.scrollIntoView({ block: "center" });
  message.tabIndex = -1;
  message.focus({ preventScroll: true });
  message.dataset.fresh = "";
  setTimeout(() => delete message.dataset.fresh, MARKED_MS);
}

/** Returns who wrote the message, and how it begins. */
export function excerptOf(message) {
  const name = message.querySelector(".message-author")?.textContent;
  const words = maskedText(message).trim().replace(/\s+/g, " ");
  const excerpt = words.length > EXCERPT_LENGTH ? `${words.slice(0, EXCERPT_LENGTH)}…` : words;
  return name ? `${name}: ${excerpt}` : excerpt;
}

/** Returns the text of a message as everybody sees it: what an agent unmasked for a look is not in it. */
export function maskedText(message) {
  const body = message.querySelector(".message-body");
  const copy = body.cloneNode(true);
  const masks = body.querySelectorAll("masked-text");
  copy.querySelectorAll("masked-text").forEach((mask, index) => (mask.textContent = masks[index].masked ?? mask.textContent));
  return copy.textContent;
}
