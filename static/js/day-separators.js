// The lines in a conversation that say where a new day begins.

import { dayKey, formatTime } from "./times.js";

/** Puts a separator before the first message of each day in `list`; `texts` has the words for today and yesterday. */
export function separateDays(list, texts) {
  for (const separator of list.querySelectorAll(".day-separator")) separator.remove();
  let day = null;
  for (const message of list.querySelectorAll(".message[data-seq]")) {
    const date = new Date(message.querySelector("time").dateTime);
    if (dayKey(date) !== day) message.before(separatorOf(date, texts));
    day = dayKey(date);
  }
}

function separatorOf(date, texts) {
  const today = new Date();
  const yesterday = new Date(today.getFullYear(), today.getMonth(), today.getDate() - 1);
  const names = { [dayKey(today)]: texts.today, [dayKey(yesterday)]: texts.yesterday };
  const textContent = names[dayKey(date)] || formatTime(date, "day");
  return Object.assign(document.createElement("li"), { className: "day-separator", ariaLive: "off", textContent });
}
