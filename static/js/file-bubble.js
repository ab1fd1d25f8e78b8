// An upload as its sender sees it in the conversation, until the message itself is there.

import { quoted, sizeText } from "./file-limits.js";
import { previewOf } from "./file-preview.js";

/** Returns the bubble of an upload; `pressed(action)` is called with `again` or `remove`. */
export function bubbleOf(upload, { template, author, pressed }) {
  const item = template.content.querySelector("[data-part=upload]").cloneNode(true);
  const texts = template.dataset;
  delete item.dataset.part;
  item.dataset.author = author;
  item.dataset.client = upload.id;
  part(item, "name").textContent = upload.name;
  part(item, "bar").setAttribute("aria-label", texts.uploadingName.replace("{name}", quoted(upload.name)));
  for (const button of item.querySelectorAll("[data-file-action]")) {
    button.addEventListener("click", () => pressed(button.dataset.fileAction));
    button.setAttribute("aria-label", `${button.title || button.textContent.trim()} ${quoted(upload.name)}`);
  }
  if (upload.file) previewOf(upload.file).then((canvas) => canvas && part(item, "tile").replaceChildren(canvas));
  showUpload(item, upload, texts);
  return item;
}

/** Brings the bubble up to date. What is spoken is that an upload has failed; the rest is there to be looked at. */
export function showUpload(item, upload, texts) {
  const { state, code } = upload;
  const hasFailed = state === "refused";
  item.dataset.state = hasFailed ? "failed" : "pending";
  item.ariaLive = hasFailed ? null : "off";
  part(item, "size").textContent = sizeText(upload.size);
  part(item, "stands").textContent = standingOf(upload, texts);
  part(item, "reason").textContent = hasFailed ? reasonOf(upload, texts) : "";
  part(item, "reason").hidden = !hasFailed;
  const bar = part(item, "bar");
  bar.hidden = hasFailed || upload.isLeft;
  bar.value = (upload.loaded / upload.size) * 100;
  button(item, "again").hidden = !(state === "waiting" || (hasFailed && upload.file && /^\d+$/.test(code)));
  button(item, "cancel").hidden = hasFailed;
  button(item, "remove").hidden = !hasFailed;
}

function standingOf({ state, size, loaded, text, code, isLeft }, texts) {
  if (isLeft) return "";
  if (state === "waiting") return text || (code ? texts.busy : texts.waiting);
  if (state === "queued") return texts.queued;
  if (state === "going") return loaded < size ? `${Math.floor((loaded / size) * 100)} %` : texts.uploading;
  return "";
}

/** The server's sentence, or ours about what only the browser knows. */
function reasonOf({ text, code, isLeft }, texts) {
  if (isLeft && (code === "empty" || !text)) return texts.left; // asked without the file, the server misses its bytes
  return text || { unreadable: texts.unreadable, ended: texts.ended, 413: texts.tooLarge }[code] || texts.failed;
}

function part(item, name) {
  return item.querySelector(`[data-file-part=${name}]`);
}

function button(item, action) {
  return item.querySelector(`[data-file-action=${action}]`);
}
