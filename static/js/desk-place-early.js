// Before anything is drawn: the room that the docked dialog takes, so that the page does not move when the dialog comes.
// It stands in the page as a script that blocks; `desk-place.js` has the names and the meaning.

try {
  const root = document.documentElement;
  const { open } = JSON.parse(sessionStorage.getItem("contiple-desk")) || {};
  const { place, width } = JSON.parse(localStorage.getItem(`contiple-place-${document.currentScript.dataset.agent}`)) || {};
  if (width > 0) root.style.setProperty("--dock-width", `${Number(width)}px`);
  root.toggleAttribute("data-docked", Boolean(open) && place === "docked");
} catch {
  // No storage, or not ours: the dialog floats.
}
