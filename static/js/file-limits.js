// What the browser knows of a file before it is sent: too large, empty, of a wrong kind, a folder, one too many.

const KILOBYTE = 1024;
const NAME_SHOWN = 60;

/** Returns the limits that the page names: `sizeMax` in bytes, `countMax` files in a chat, `accept` as an input takes it. */
export function limitsOf({ sizeMax, countMax, accept = "" }) {
  const accepted = accept.split(",").map((token) => token.trim().toLowerCase());
  return { sizeMax: Number(sizeMax), countMax: Number(countMax), accepted: accepted.filter(Boolean) };
}

/**
 * Returns the files that can be sent, and `refused`: a sentence for each of the others, and one for those beyond `room`.
 * What the browser can't know is left to the server.
 */
export function sort(files, room, limits, texts) {
  const refusals = files.map((file) => refusalOf(file, limits, texts));
  const fitting = files.filter((_file, number) => !refusals[number]);
  const refused = [...new Set(refusals.filter(Boolean))];
  if (fitting.length > room) refused.push(texts.many.replace("{count}", limits.countMax));
  return { accepted: fitting.slice(0, Math.max(0, room)), refused };
}

/** Returns the size as people say it: 1.2 MB. */
export function sizeText(bytes) {
  const [size, unit] = bytes < KILOBYTE ** 2 ? [Math.max(bytes / KILOBYTE, 0.1), "KB"] : [bytes / KILOBYTE ** 2, "MB"];
  return `${size.toLocaleString(document.documentElement.lang, { maximumFractionDigits: size < 10 ? 1 : 0 })} ${unit}`;
}

/** Returns the name as part of a sentence: its direction is its own, and its end, which tells the kind, stays. */
export function quoted(name) {
  const signs = [...name];
  const half = NAME_SHOWN / 2;
  const shown = signs.length > NAME_SHOWN ? `${signs.slice(0, half).join("")}…${signs.slice(-half).join("")}` : name;
  return `\u2068${shown}\u2069`;
}

function refusalOf(file, { sizeMax, accepted }, texts) {
  const name = quoted(file.name);
  if (file.isFolder) return texts.folder.replace("{name}", name);
  if (!file.size) return texts.empty.replace("{name}", name);
  if (accepted.length && isOfOtherKind(file, accepted)) return texts.kind.replace("{name}", name);
  if (file.size > sizeMax) return texts.large.replace("{name}", name).replace("{size}", sizeText(sizeMax));
  return "";
}

/** A file without a type or an extension may still be of a good kind: its content decides. */
function isOfOtherKind({ name, type }, accepted) {
  if (!type || type === "application/octet-stream" || !/\.\w+$/.test(name)) return false;
  return !accepted.some((token) => {
    if (token.startsWith(".")) return name.toLowerCase().endsWith(token);
    return token.endsWith("/*") ? type.startsWith(token.slice(0, -1)) : type === token;
  });
}
