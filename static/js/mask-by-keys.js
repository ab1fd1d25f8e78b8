// Chooses words of a conversation without a mouse, to be masked: arrows go from word to word, with Shift they take more
// words, Enter masks, Escape leaves. The choice is the page's selection, so it looks and counts as one made by mouse.

// Korean and Japanese write what follows a number or an address right behind it, as in “010-1234-5678로”. So such a word is
// two here, and each is chosen by itself.
const EAST = "\\p{sc=Hangul}\\p{sc=Han}\\p{sc=Hiragana}\\p{sc=Katakana}";
const OTHER = `(?![${EAST}])[\\p{L}\\p{N}]`;
const WORD = new RegExp(`[${EAST}](?:(?:(?!${OTHER})\\S)*[${EAST}])?|${OTHER}(?:[^\\s${EAST}]*${OTHER})?`, "gu");
const PARTICLE = new RegExp(`^${OTHER}[${EAST}]`, "u");
const STEPS = { ArrowLeft: -1, ArrowRight: 1 };

/**
 * Begins with the customer's last word in the conversation `log`, or what stands before its particle; returns false if
 * there is no word. `mask()` is called with Enter, `done()` at the end.
 */
export function chooseByKeys(log, { say, mask, done }) {
  const words = wordsOf(log);
  if (!words.length) return false;
  let from = words.findLastIndex(({ startContainer }) => startContainer.parentElement.closest("[data-author=customer]"));
  if (from < 0) from = words.length - 1;
  if (isParticle(words[from])) from -= 1;
  let to = from;
  const ends = new AbortController();
  const show = () => {
    const [first, last] = [words[Math.min(from, to)], words[Math.max(from, to)]];
    getSelection().setBaseAndExtent(first.startContainer, first.startOffset, last.endContainer, last.endOffset);
    words[to].startContainer.parentElement.scrollIntoView({ block: "nearest" });
    say(getSelection().toString());
  };
  const leave = () => {
    ends.abort();
    getSelection().removeAllRanges();
    done();
  };
  const pressed = (event) => {
    const step = STEPS[event.key];
    if (step) {
      to = Math.max(0, Math.min(words.length - 1, to + step));
      if (!event.shiftKey) from = to;
      show();
    } else if (event.key === "Enter") {
      mask();
      leave();
    } else if (event.key === "Escape") leave();
    else return;
    event.preventDefault();
    event.stopPropagation();
  };
  log.focus();
  log.addEventListener("keydown", pressed, { signal: ends.signal, capture: true });
  log.addEventListener("focusout", leave, { signal: ends.signal });
  show();
  return true;
}

/** A range for each word that is not masked, in the order of the conversation. */
function wordsOf(log) {
  const found = [];
  for (const body of log.querySelectorAll(".message[data-seq]:not(.event) .message-body")) {
    const texts = document.createTreeWalker(body, NodeFilter.SHOW_TEXT);
    while (texts.nextNode()) {
      const { currentNode: text } = texts;
      if (!text.parentElement.closest("masked-text, chat-file")) found.push(...rangesIn(text));
    }
  }
  return found;
}

/** Whether it follows letters or digits of another script, which are a word of their own. */
function isParticle({ startContainer, startOffset }) {
  return PARTICLE.test(startContainer.data.slice(Math.max(0, startOffset - 1)));
}

function rangesIn(text) {
  return [...text.data.matchAll(WORD)].map(({ index, 0: word }) => {
    const range = document.createRange();
    range.setStart(text, index);
    range.setEnd(text, index + word.length);
    return range;
  });
}
