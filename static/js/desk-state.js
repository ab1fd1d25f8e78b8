// What a tab remembers of the desk while the page is loaded anew: whether the dialog is open, and the address of the chat on
// display. Where the dialog is, `desk-place.js` keeps.

const KEY = "contiple-desk";

/** `state` is `{open, url}`. */
export function rememberState(state) {
  sessionStorage.setItem(KEY, JSON.stringify(state));
}

/** Returns the state that was remembered, or null if it can't be read. */
export function rememberedState() {
  try {
    return JSON.parse(sessionStorage.getItem(KEY)) || {};
  } catch {
    return null;
  }
}

/** The chat's address, if it is one of this desk: a tab may have shown another service before. `anyUrl` is chat 0's. */
export function chatUrlOf(state, anyUrl) {
  return state.url?.startsWith(anyUrl.replace(/0\/$/, "")) ? state.url : null;
}
