// From the customer's chat to Contact Us, with what was typed.

import { submitFields } from "./forms.js";

/**
 * Opens the form at `action` with `typed`, by name, instead of following the link that was clicked; calls `opens()` first.
 * With nothing typed, or for a tab of its own, the link is enough.
 *
 * The text goes in the body of a request: nothing personal may stand in an address, and in a frame on another site the
 * storage of this tab is not the one that the next page sees.
 */
export function contactWith(typed, event, action, opens) {
  const fields = Object.entries(typed).filter(([_name, value]) => value);
  if (!fields.length || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  opens();
  submitFields(event.currentTarget, action, fields);
}
