// Changes of case by code point, as Go has them. JavaScript's change whole strings: `ß` becomes `SS`, and the sigma at
// the end of a word differs.

/** Source: Go, strings.ToLower. */
export function toLowerSimple(text: string): string {
  return isAscii(text) ? text.toLowerCase() : Array.from(text, lowerOf).join('');
}

/** Source: Go, strings.ToUpper. */
export function toUpperSimple(text: string): string {
  return isAscii(text) ? text.toUpperCase() : Array.from(text, upperOf).join('');
}

function isAscii(text: string): boolean {
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) > 0x7f) return false;
  return true;
}

function lowerOf(char: string): string {
  // The only letter whose lower case has two code points.
  return char === 'İ' ? 'i' : char.toLowerCase();
}

/** Greek letters with iota subscript have a simple upper case, and a full one of two letters. */
const WITH_IOTA = /^[\u1f80-\u1f87\u1f90-\u1f97\u1fa0-\u1fa7]$/;
const WITH_IOTA_ONLY = /^[\u1fb3\u1fc3\u1ff3]$/;

function upperOf(char: string): string {
  if (WITH_IOTA.test(char)) return String.fromCharCode(char.charCodeAt(0) + 8);
  if (WITH_IOTA_ONLY.test(char)) return String.fromCharCode(char.charCodeAt(0) + 9);
  const upper = char.toUpperCase();
  // Other letters with an upper case of several code points have no simple one.
  return upper.length > char.length ? char : upper;
}
