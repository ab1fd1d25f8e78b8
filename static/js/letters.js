// Texts as they are typed: what is found in a list while it is typed.

// The consonants at a syllable's end, as they are written at the beginning of one: 줌 is found in 주문 while it is typed.
const ENDS = "ᄀ ᄁ ᄀᄉ ᄂ ᄂᄌ ᄂᄒ ᄃ ᄅ ᄅᄀ ᄅᄆ ᄅᄇ ᄅᄉ ᄅᄐ ᄅᄑ ᄅᄒ ᄆ ᄇ ᄇᄉ ᄉ ᄊ ᄋ ᄌ ᄎ ᄏ ᄐ ᄑ ᄒ".split(" ");
const FIRST_END = 0x11a8;

/** Returns the text as letters that grow while it is typed: Hangul taken apart, and no capitals. */
export function lettersOf(text) {
  const apart = text.normalize("NFKD").toLowerCase();
  return apart.replace(/[\u11a8-\u11c2]/g, (end) => ENDS[end.charCodeAt(0) - FIRST_END]);
}
