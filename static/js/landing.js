// Where a page of the desk opens: at the section that its address names, or at the first field that was refused.
// The browser does the former when it loads a page; here a page is put in the place of another, and starts at its top.

const REFUSED = "[aria-invalid=true]";

document.addEventListener("htmx:beforeSwap", ({ detail }) => {
  if (detail.target.id !== "content") return;
  const isRefused = (detail.serverResponse || "").includes('aria-invalid="true"');
  if (isRefused || detail.pathInfo.anchor) detail.swapOverride = "outerHTML show:none"; // not to the top
});
document.addEventListener("htmx:load", ({ target }) => showRefused(target));
showRefused(document.getElementById("content"));

function showRefused(root) {
  const field = root.id === "content" && root.querySelector(REFUSED);
  if (!field) return;
  const folded = field.closest("details");
  if (folded) folded.open = true;
  field.focus({ preventScroll: true });
  (field.closest(".field") || field).scrollIntoView({ block: "center" });
}
