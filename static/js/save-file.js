// Saves an answer of the server as a file, under the name that the server gives it.

/** `disposition` is the answer's Content-Disposition. */
export function save(blob, disposition) {
  const link = Object.assign(document.createElement("a"), { href: URL.createObjectURL(blob), download: nameIn(disposition) });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000); // the browser may read it later than the click
}

function nameIn(disposition) {
  const encoded = disposition?.match(/filename\*=utf-8''([^;]+)/i)?.[1];
  return encoded ? decodeURIComponent(encoded) : disposition?.match(/filename="([^"]+)"/)?.[1] || "chat.txt";
}
