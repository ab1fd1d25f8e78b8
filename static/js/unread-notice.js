// Says, beside the icon, that something unread has come: in the tab's title as long as it is unread, and with a sound.

import { chime } from "./chime.js";

let shown = 0;
let title = ""; // with the number
let plain = ""; // without

/** `count` messages are unread; `text` says so in the title. */
export function notice(count, text) {
  if (count > shown) chime("contiple-message");
  if (document.title !== title) plain = document.title; // the page has named itself anew
  if (count || shown) document.title = title = count ? `(${count}) ${text} – ${plain}` : plain;
  shown = count;
}
