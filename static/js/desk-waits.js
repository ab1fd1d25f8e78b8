// Who waits for an answer in a list of chats, and since when: by the server's clock, against the target time.

import { localiseTimes, serverNow } from "./times.js";

const SOON = 0.75; // of the target time: then most of it is over

/** The customer of `entry` has written, or an agent has answered (`isAnswered`), just now. */
export function noteSaid(entry, isAnswered) {
  const wait = entry.querySelector("[data-part=wait]");
  const last = entry.querySelector("[data-part=last-time]");
  const now = serverNow().toISOString();
  if (!isAnswered && wait.hidden) wait.querySelector("time").dateTime = now;
  last.querySelector("time").dateTime = now;
  wait.hidden = isAnswered;
  last.hidden = !isAnswered;
  localiseTimes(entry);
}

/** Shows how near each wait in `list` is to the target time, which is `target` seconds; 0: there is none. */
export function showLevels(list, target) {
  for (const wait of list.querySelectorAll("[data-part=wait]:not([hidden])")) {
    const level = levelOf((serverNow() - sinceOf(wait)) / 1000, target);
    if (wait.dataset.level === level) continue;
    wait.dataset.level = level;
    wait.title = wait.querySelector("[data-part=level]").textContent = wait.dataset[level] || "";
  }
}

/** Returns how many entries of `list` wait for this agent's answer, and the first moment since when one does. */
export function waitsIn(list) {
  const waits = [...list.querySelectorAll(".chat-entry[data-state=active] [data-part=wait]:not([hidden])")];
  return { count: waits.length, since: waits.length ? Math.min(...waits.map(sinceOf)) : null };
}

function levelOf(seconds, target) {
  if (!target || seconds < SOON * target) return "";
  return seconds < target ? "soon" : "over";
}

function sinceOf(wait) {
  return new Date(wait.querySelector("time").dateTime).getTime();
}
