// A ticket's reply and internal comment: of the two forms one is shown. If something is written into the other one, as
// what was kept over a sign-in is, that one is shown.

document.addEventListener("input", ({ target }) => {
  const panel = target.closest(".ticket-composer-reply, .ticket-composer-comment");
  if (!panel) return;
  const kind = panel.matches(".ticket-composer-reply") ? "reply" : "comment";
  panel.parentElement.querySelector(`[data-part=kinds] [value=${kind}]`).checked = true;
});
