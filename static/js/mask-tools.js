// The tools beside an open mask: a button that removes a wrong mask. They are no part of the text, so that selections,
// which count the text's characters, don't see them.

const GAP_PX = 6;

/** Shows the tools of `mask`; `lift()` is called when the agent has confirmed. Returns how to remove them. */
export function showMaskTools(mask, texts, lift) {
  const tools = Object.assign(document.createElement("div"), { className: "mask-tools", popover: "manual" });
  const button = Object.assign(document.createElement("button"), { type: "button", className: "button button-small", textContent: texts.lift });
  button.addEventListener("click", () => {
    if (button.classList.contains("button-danger")) return lift();
    button.classList.add("button-danger");
    button.textContent = texts.liftConfirm;
  });
  tools.append(button);
  // After the text, so that Tab reaches them next; in the top layer, so that nothing moves.
  (mask.closest(".message-body, .comment-body") || mask).after(tools);
  tools.showPopover();
  const place = () => placeBelow(tools, mask);
  place();
  addEventListener("scroll", place, { capture: true, passive: true });
  addEventListener("resize", place);
  return () => {
    removeEventListener("scroll", place, { capture: true });
    removeEventListener("resize", place);
    tools.remove();
  };
}

function placeBelow(tools, mask) {
  const at = mask.getBoundingClientRect();
  const size = tools.getBoundingClientRect();
  const isRoomBelow = at.bottom + GAP_PX + size.height < innerHeight;
  tools.style.left = `${Math.max(GAP_PX, Math.min(at.left, innerWidth - size.width - GAP_PX))}px`;
  tools.style.top = `${isRoomBelow ? at.bottom + GAP_PX : at.top - size.height - GAP_PX}px`;
}
