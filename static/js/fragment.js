/** Returns the elements of our own HTML. */
export function fragment(html) {
  return document.createRange().createContextualFragment(html);
}
