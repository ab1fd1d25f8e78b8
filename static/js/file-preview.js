// A small picture of a file that is not sent yet. It is drawn: a page's policy may allow no pictures but the server's.

const SIDE_PX = 80;
const BYTES_MAX = 30_000_000; // a larger one would take the memory of a phone

/** Returns a canvas, or null if the file is no picture that this browser can show. */
export async function previewOf(file) {
  if (!file.type.startsWith("image/") || file.size > BYTES_MAX) return null;
  const bitmap = await createImageBitmap(file).catch(() => null);
  if (!bitmap) return null;
  const canvas = Object.assign(document.createElement("canvas"), { width: SIDE_PX, height: SIDE_PX });
  const side = Math.min(bitmap.width, bitmap.height);
  const from = [(bitmap.width - side) / 2, (bitmap.height - side) / 2];
  canvas.getContext("2d").drawImage(bitmap, ...from, side, side, 0, 0, SIDE_PX, SIDE_PX);
  bitmap.close();
  return canvas;
}
