// Files that are dragged over a chat and dropped.

export class FileDrop {
  #area;
  #isTaken;

  /** `dropped(files)` gets the files, if they are `isTaken()`; a folder is one that says so. */
  constructor(root, template, { isTaken, dropped, signal }) {
    this.#isTaken = isTaken;
    this.#area = template.content.querySelector("[data-part=drop]").cloneNode(true);
    delete this.#area.dataset.part;
    this.#area.hidden = true;
    root.append(this.#area);
    root.addEventListener("dragover", (event) => this.#over(event), { signal });
    root.addEventListener("dragleave", (event) => root.contains(event.relatedTarget) || this.#hide(), { signal });
    root.addEventListener("drop", (event) => this.#drop(event, dropped), { signal });
    // Beside the chat a file would replace the page.
    for (const name of ["dragover", "drop"]) window.addEventListener(name, keepThePage, { signal });
  }

  #over(event) {
    if (!holdsFiles(event) || !this.#isTaken()) return;
    event.preventDefault();
    event.dataTransfer.dropEffect = "copy";
    this.#area.hidden = false;
  }

  #hide() {
    this.#area.hidden = true;
  }

  #drop(event, dropped) {
    this.#hide();
    if (!holdsFiles(event) || !this.#isTaken()) return;
    event.preventDefault();
    dropped(filesOf(event.dataTransfer));
  }
}

function holdsFiles(event) {
  return [...(event.dataTransfer?.types || [])].includes("Files");
}

function keepThePage(event) {
  if (!holdsFiles(event) || event.defaultPrevented) return;
  event.preventDefault();
  event.dataTransfer.dropEffect = "none";
}

function filesOf({ items }) {
  return [...items].filter(({ kind }) => kind === "file").map((item) => {
    const file = item.getAsFile();
    return item.webkitGetAsEntry?.()?.isDirectory ? { name: file?.name || "", isFolder: true } : file;
  }).filter(Boolean);
}
