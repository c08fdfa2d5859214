// The one order of strings in promfed: by UTF-8 bytes, as Go compares strings. Nothing else sorts labels.

/**
 * Compares two strings by their UTF-8 bytes, as Go's `<` does.
 *
 * JavaScript compares UTF-16 code units, which differs only where a surrogate meets a unit above U+DFFF:
 * there the surrogate (a code point beyond U+FFFF) is the greater one.
 *
 * @returns a negative number, 0 or a positive number.
 */
export function compareStrings(a: string, b: string): number {
  if (a === b) return 0;
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    const x = a.charCodeAt(i);
    const y = b.charCodeAt(i);
    if (x !== y) return x >= 0xd800 && y >= 0xd800 ? rank(x) - rank(y) : x - y;
  }
  return a.length - b.length;
}

/** Moves surrogates above every other code unit and keeps all else in order. */
function rank(unit: number): number {
  return unit <= 0xdfff ? unit + 0x2000 : unit - 0x800;
}
