// A member of the site around the chat: the site vouches for the customer by a token, and signs the customer out again.

import { newMemberToken } from "./customer-session.js";

const RETRY_MS = 2000;
const TRIES = 5;

/**
 * Has the server take the site's `vouched` token, or, with "", what the help center knows. Returns the answer with the
 * member's chat, or null: the customer stays who it was, and the page around is told why. The token of the session is
 * made here: sent again because the answer was lost, it is the same session.
 */
export async function enter(session, url, vouched, parentPage) {
  const fields = { token: vouched, session: newMemberToken() };
  let response = await session.post(url, fields);
  for (let tries = 1; !response && tries < TRIES; tries += 1) {
    await pause();
    response = await session.post(url, fields);
  }
  if (response?.ok) {
    const token = response.headers.get("X-Chat-Token");
    if (token && token !== session.token) session.begin(token);
    return response;
  }
  const reason = response ? await response.text() : "offline";
  if (vouched) parentPage.tell({ type: "refused", reason: `the member token was refused. ${reason}` });
  return null;
}

/** Ends the member's `token` on the server, however long that takes, and forgets it here. */
export async function leave(session, url, token) {
  session.end();
  while (!(await session.post(url, null, token))?.ok) await pause();
}

function pause() {
  return new Promise((done) => setTimeout(done, RETRY_MS));
}
