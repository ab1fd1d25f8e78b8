// Ticking the chat permission also ticks the one to unmask on the same form, where it can be unticked again.

document.addEventListener("change", ({ target }) => {
  const unmask = target.form?.elements.namedItem("unmask_permission");
  if (target.name === "chat_permission" && target.checked && unmask) unmask.checked = true;
});
