// From the customer's chat to Contact Us, with what was typed.

import { submitFields } from "./forms.js";
import { isOnAnotherSite } from "./parent-page.js";

/** The help center's own page gives way to the form. Another site's page stays, and the form opens beside it. */
const target = isOnAnotherSite() ? "_blank" : "_parent";

/**
 * Opens the form at `action` with `typed`, by name, instead of following the link that was clicked; with nothing typed
 * the link is enough. Calls `opens()` first, unless the form opens in a tab of its own.
 *
 * The text goes in the body of a request: nothing personal may stand in an address, and in a frame on another site the
 * storage of this tab is not the one that the next page sees.
 */
export function contactWith(typed, event, action, opens) {
  if (event.ctrlKey || event.metaKey || event.shiftKey) return;
  if (target === "_blank") Object.assign(event.target.closest("a"), { target, rel: "noopener" });
  else opens();
  const fields = Object.entries(typed).filter(([_name, value]) => value);
  if (!fields.length) return;
  event.preventDefault();
  submitFields(event.currentTarget, action, fields, target);
}

/** Sends `typed` to the form at `action`, as `contactWith` does. */
export function takeToContact(root, typed, action, opens) {
  if (target !== "_blank") opens();
  submitFields(root, action, Object.entries(typed), target);
}
