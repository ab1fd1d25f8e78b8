// Finds what looks like a payment card or a Korean registration number. It is only a hint for the person who is typing:
// the server's detectors decide what is masked. They look closer, and know many more kinds.

const UNSEEN = /[\p{Cf}\p{Mn}\p{Me}\u115f\u1160\u3164\uffa0]/gu;
const DASHES = /[‐‑‒–—―−⸺\u1173]/g; // the last is what NFKC makes of ㅡ

const CHAIN = /\d+(?:[ .-]{1,3}\d+)*/g;
const CARD_DIGITS = { min: 13, max: 19 };
// First digits and lengths that are issued (ISO/IEC 7812).
const ISSUED = [
  [/^4/, [13, 16, 19]], // Visa
  [/^(?:5[1-5]|2(?:22[1-9]|2[3-9]|[3-6]|7[01]|720))/, [16]], // Mastercard
  [/^3[47]/, [15]], // American Express
  [/^3(?:0[0-5]|095|[689])/, [14, 15, 16]], // Diners
  [/^(?:35|220[0-4]|9)/, [16]], // JCB, Mir, cards for Korea alone
  [/^(?:6011|6[245]|81)/, [16, 17, 18, 19]], // Discover, UnionPay
  [/^(?:50(?:18|20|38)|5893|6304|6759|676[1-3])/, [13, 14, 15, 16, 17, 18, 19]], // Maestro
];

const REGISTRATION = /(?<!\d)(\d\d)(\d\d)(\d\d)[ .-]{0,3}([1-8])\d{6}(?!\d)/g;
const BORN_UNTIL = 2045; // as the server has it

/** Returns the kinds of such numbers in `text`, as the server names them: any of `card`, `rrn`, `frn`, in this order. */
export function kindsIn(text) {
  const read = text.normalize("NFKC").replace(UNSEEN, "").replace(DASHES, "-");
  const registered = new Set([...read.matchAll(REGISTRATION)].filter(isBirthday).map(([, , , , seventh]) => (seventh <= 4 ? "rrn" : "frn")));
  return ["card", "rrn", "frn"].filter((kind) => (kind === "card" ? hasCard(read) : registered.has(kind)));
}

/** Any run of whole groups may be a card: its expiry date may have been typed right after it. */
function hasCard(text) {
  for (const [chain] of text.matchAll(CHAIN)) {
    const groups = chain.match(/\d+/g);
    for (const first of groups.keys()) {
      let digits = "";
      for (let last = first; last < groups.length && digits.length <= CARD_DIGITS.max; last++) {
        digits += groups[last];
        if (isCard(digits)) return true;
      }
    }
  }
  return false;
}

function isCard(digits) {
  if (digits.length < CARD_DIGITS.min || digits.length > CARD_DIGITS.max) return false;
  return ISSUED.some(([start, lengths]) => lengths.includes(digits.length) && start.test(digits)) && isLuhn(digits);
}

/** Returns whether the check digit is right (ISO/IEC 7812-1, annex B). */
function isLuhn(digits) {
  const sum = [...digits].reverse().reduce((total, digit, place) => {
    const value = Number(digit) * (place % 2 ? 2 : 1);
    return total + (value > 9 ? value - 9 : value);
  }, 0);
  return sum % 10 === 0;
}

/** The seventh digit tells the century. */
function isBirthday([, year, month, day, seventh]) {
  const born = new Date(Date.UTC(("1256".includes(seventh) ? 1900 : 2000) + Number(year), month - 1, day));
  return born.getUTCMonth() === month - 1 && born.getUTCDate() === Number(day) && born.getUTCFullYear() <= BORN_UNTIL;
}
