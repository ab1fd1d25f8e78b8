// Menus that open under a button.

/** Closes the open menus in `root`, but not the one that `target` is in. Returns whether there was one to close. */
export function closeMenus(root, target = null) {
  const menus = [...root.querySelectorAll("details.dropdown[open]")].filter((menu) => !target || !menu.contains(target));
  for (const menu of menus) {
    menu.open = false;
    if (!target) menu.querySelector("summary").focus();
  }
  return menus.length > 0;
}
