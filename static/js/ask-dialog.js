// Asks before an act that can't be undone.

/** Shows the question. Returns whether the person wants the act, which is named on the button. */
export async function asked({ title, text, act }, cancel) {
  const dialog = Object.assign(document.createElement("dialog"), { className: "dialog" });
  dialog.setAttribute("aria-labelledby", "ask-title");
  dialog.innerHTML = `
    <div class="dialog-header"><h2 id="ask-title"></h2></div>
    <div class="dialog-body"><p></p></div>
    <form class="dialog-actions" method="dialog">
      <button class="button" value=""></button>
      <button class="button button-danger" value="yes"></button>
    </form>`;
  dialog.querySelector("h2").textContent = title;
  dialog.querySelector("p").textContent = text;
  const [no, yes] = dialog.querySelectorAll("button");
  no.textContent = cancel;
  yes.textContent = act;
  const { activeElement } = document;
  document.body.append(dialog);
  dialog.showModal();
  await new Promise((resolve) => dialog.addEventListener("close", resolve, { once: true }));
  dialog.remove();
  activeElement?.focus();
  return dialog.returnValue === "yes";
}
