// The desk's buttons and forms, and what each does.

import { statusButton } from "./desk-status.js";
import { closeMenus } from "./menus.js";

const ACTIONS = {
  close: (desk) => desk.toggle(false),
  place: (desk, button) => desk.place.choose(button.dataset.to),
  "allow-notifications": (desk) => desk.alertsForm.allow(),
  shortcuts: (desk) => desk.askShortcuts(),
  back: (desk) => desk.showList(),
  customer: (desk) => desk.showCustomer(true),
  "leave-customer": (desk) => desk.showCustomer(false),
  search: (desk) => desk.pane.toggleSearch(),
  mask: (desk, _button, event) => desk.pane.maskSelected({ byKeys: event.detail === 0 }),
  "follow-up": (desk, button) => desk.dialogs.askFollowUp(button.dataset.url),
  end: (desk, button) => desk.dialogs.askHandOver(button.dataset.url),
  "ask-evaluation": (desk, button) => desk.pane.askEvaluation(button),
  take: (desk, button) => desk.pane.take(button),
  look: (desk, button) => desk.pane.look(button),
  "dismiss-notice": (desk, button) => desk.pane.dismissNotice(button),
  "hand-over": (desk, button) => desk.dialogs.askHandOver(button.href),
  dismiss: (desk) => desk.dialogs.close(),
};
const LINKS_TO_PAGES = "[data-part=customer-slot] a[href], dialog[data-part=dialog] a[href]";
const FORMS_OF_THE_CHAT = new Set(["hand-over", "take", "mark-spam"]); // the answer is the chat as it is now

export function listenToButtons(desk) {
  desk.launcher.addEventListener("click", () => desk.toggle());
  desk.addEventListener("click", (event) => clicked(desk, event));
  desk.addEventListener("submit", (event) => submitted(desk, event));
  desk.dialog.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && !event.defaultPrevented && !closeMenus(desk)) desk.toggle(false);
  });
}

function clicked(desk, event) {
  const entry = event.target.closest(".chat-entry");
  const status = statusButton(event.target);
  const button = event.target.closest("[data-action]");
  closeMenus(desk, event.target);
  if (entry) desk.pane.open(entry);
  else if (status) desk.status.choose(status);
  else if (button) act(desk, button, event);
  else if (event.target.closest(LINKS_TO_PAGES)) showPage(desk, event);
}

/** A link changes the page in this tab: a dialog that covers it would hide that. */
function showPage(desk, event) {
  const isForThisTab = !(event.ctrlKey || event.metaKey || event.shiftKey);
  if (isForThisTab && !desk.dialog.hidden && desk.place.coversPage) desk.toggle(false);
}

function act(desk, button, event) {
  if (button.href) {
    event.preventDefault(); // a link to a page of its own
    closeMenus(desk);
  }
  ACTIONS[button.dataset.action]?.(desk, button, event);
}

function submitted(desk, event) {
  const { part } = event.target.dataset;
  if (part !== "take-over" && !FORMS_OF_THE_CHAT.has(part)) return;
  event.preventDefault();
  if (part === "take-over") desk.dialogs.askTakeOver(event.target);
  else desk.dialogs.handOver(event.target);
}
