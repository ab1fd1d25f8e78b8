// A button that is on or off, with a picture for each.

export function setPressed(button, pressed) {
  button.setAttribute("aria-pressed", String(pressed));
  for (const part of button.querySelectorAll("[data-when]")) part.hidden = (part.dataset.when === "on") !== pressed;
}
