// Solves the sum that the server asks for while a flood of starts is on (chat/abuse/puzzle.py).

/** Returns the solution, or "" if this page can't find it: browsers derive keys only in pages that came by HTTPS. */
export async function solve(puzzle) {
  if (!globalThis.crypto?.subtle) return "";
  const [challenge, iterations, bits] = puzzle.split(" ");
  for (let counter = 0; ; counter += 1) {
    const first = await firstBytes(String(counter), challenge, Number(iterations));
    if (first >> (16 - Number(bits)) === 0) return `${challenge} ${counter}`;
  }
}

async function firstBytes(counter, challenge, iterations) {
  const bytes = new TextEncoder();
  const key = await crypto.subtle.importKey("raw", bytes.encode(counter), "PBKDF2", false, ["deriveBits"]);
  const salt = bytes.encode(challenge);
  const derived = await crypto.subtle.deriveBits({ name: "PBKDF2", hash: "SHA-256", salt, iterations }, key, 256);
  return new DataView(derived).getUint16(0);
}
