// A new list takes the place of the one on display, but every entry stays where it is: somebody is about to press one.

const ENTRY = ".chat-entry";
const BESIDE = ["#active-chats", "#all-chats", "[data-part=words]"]; // what is shown around them

/** Makes `old` say what `fresh` says. New entries come last, and who is gone can't be pressed. False if that can't be. */
export function keepPlaces(old, fresh) {
  const there = entriesOf(old);
  const coming = entriesOf(fresh);
  if (!there.size || ![...coming.values()].every((entry) => listLike(old, entry))) return false;
  for (const [key, entry] of there) {
    if (coming.has(key)) renew(entry, coming.get(key));
    else entry.disabled = true;
  }
  for (const [key, entry] of coming) {
    if (!there.has(key)) listLike(old, entry).append(entry.closest("li"));
  }
  for (const part of BESIDE) {
    const [shown, next] = [old.querySelector(part), fresh.querySelector(part)];
    if (shown && next) shown.replaceChildren(...next.childNodes);
  }
  return true;
}

function entriesOf(section) {
  return new Map([...section.querySelectorAll(ENTRY)].map((entry) => [keyOf(entry), entry]));
}

/** A chat of somebody else that becomes the agent's own is another entry. */
function keyOf(entry) {
  return `${entry.dataset.chat} ${isOwn(entry)}`;
}

function isOwn(entry) {
  return "state" in entry.dataset;
}

function listLike(section, entry) {
  const own = isOwn(entry) ? "[data-state]" : ":not([data-state])";
  return section.querySelector(`${ENTRY}${own}`)?.closest("ul");
}

function renew(entry, fresh) {
  entry.disabled = false;
  for (const { name, value } of fresh.attributes) entry.setAttribute(name, value);
  if (entry.innerHTML !== fresh.innerHTML) entry.innerHTML = fresh.innerHTML;
}
