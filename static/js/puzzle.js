// Solves the sum that the server asks for while a flood of starts is on (chat/abuse/puzzle.py).

/** Returns the solution, or "" if this page can't find it: browsers derive keys only in pages that came by HTTPS. */
export async function solve(puzzle) {
  if (!globalThis.crypto?.subtle) return "";
  const [challenge, iterations, bits, parts] = puzzle.split(" ");
  const solution = [challenge];
  for (let part = 0; part < Number(parts); part += 1) {
    solution.push(await counterOf(`${challenge} ${part}`, Number(iterations), Number(bits)));
  }
  return solution.join(" ");
}

async function counterOf(text, iterations, bits) {
  for (let counter = 0; ; counter += 1) {
    if ((await firstBytes(String(counter), text, iterations)) >> (16 - bits) === 0) return counter;
  }
}

async function firstBytes(counter, text, iterations) {
  const bytes = new TextEncoder();
  const key = await crypto.subtle.importKey("raw", bytes.encode(counter), "PBKDF2", false, ["deriveBits"]);
  const salt = bytes.encode(text);
  const derived = await crypto.subtle.deriveBits({ name: "PBKDF2", hash: "SHA-256", salt, iterations }, key, 256);
  return new DataView(derived).getUint16(0);
}
