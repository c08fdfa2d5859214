// The order of strings in promfed, as in Go: by UTF-8 bytes. Labels are always sorted in this order.

/** Number of characters that are compared one by one before whole blocks are, which are compared in native code. */
const BLOCK = 1024;

/**
 * Compares two strings by their UTF-8 bytes, as Go's `<` does. Returns a negative number, 0 or a positive number.
 *
 * JavaScript compares UTF-16 code units. The two orders differ only between a surrogate and a unit above U+DFFF. A
 * surrogate is part of a code point above U+FFFF, so it is the greater one in UTF-8.
 */
export function compareStrings(a: string, b: string): number {
  if (a === b) return 0;
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    if (i === BLOCK) {
      i = skipEqualBlocks(a, b, length);
      if (i === length) break;
    }
    const x = a.charCodeAt(i);
    const y = b.charCodeAt(i);
    if (x !== y) return x >= 0xd800 && y >= 0xd800 ? rank(x) - rank(y) : x - y;
  }
  return a.length - b.length;
}

/** Returns an index up to which two strings are equal, less than a block before their first difference or `length`. */
function skipEqualBlocks(a: string, b: string, length: number): number {
  let i = BLOCK;
  while (i < length && a.substring(i, i + BLOCK) === b.substring(i, i + BLOCK)) i += BLOCK;
  return Math.min(i, length);
}

/** Maps a code unit to its rank in UTF-8 order: surrogates move above all other units. */
function rank(unit: number): number {
  return unit <= 0xdfff ? unit + 0x2000 : unit - 0x800;
}
