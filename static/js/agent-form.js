// Who is given the chat permission is given the one to unmask with it, on the same form, where it can be taken back.

document.addEventListener("change", ({ target }) => {
  const unmask = target.form?.elements.namedItem("unmask_permission");
  if (target.name === "chat_permission" && target.checked && unmask) unmask.checked = true;
});
