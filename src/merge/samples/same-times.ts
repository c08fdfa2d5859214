// Compares the timestamps of two copies of a series by their bytes.

import { CLOSE_BRACKET, COMMA, holdsAt, OPEN_BRACKET, QUOTE } from '../../json/index.js';
import { VALUES_KEY } from './values-key.js';

/**
 * Reports whether two lists of floats have the same timestamps. False negatives are possible for lists that are not in the
 * form that servers send.
 */
export function haveSameTimes(a: Uint8Array, b: Uint8Array): boolean {
  if (!holdsAt(a, 0, a.length, VALUES_KEY) || !holdsAt(b, 0, b.length, VALUES_KEY)) return false;
  const x = wordsOf(a);
  const y = wordsOf(b);
  let i = VALUES_KEY.length;
  let j = i;
  for (;;) {
    if (a[i] !== OPEN_BRACKET || b[j] !== OPEN_BRACKET) {
      return i === a.length - 1 && j === b.length - 1 && a[i] === CLOSE_BRACKET && b[j] === CLOSE_BRACKET;
    }
    i++;
    j++;
    while (i + 4 <= a.length && j + 4 <= b.length) {
      const word = x.getInt32(i, true);
      if (word !== y.getInt32(j, true) || hasByte(word, COMMAS)) break;
      i += 4;
      j += 4;
    }
    for (; a[i] !== COMMA; i++, j++) if (a[i] !== b[j] || i >= a.length) return false;
    if (b[j] !== COMMA) return false;
    i = afterValue(a, x, i + 1);
    j = afterValue(b, y, j + 1);
    if (i < 0 || j < 0) return false;
    if (a[i] === COMMA) i++;
    if (b[j] === COMMA) j++;
  }
}

/** Returns the index after the value at `pos` and the bracket that follows it; −1 when the value is not a string. */
function afterValue(bytes: Uint8Array, words: DataView, pos: number): number {
  if (bytes[pos] !== QUOTE) return -1;
  const end = bytes.length;
  pos++;
  while (pos + 4 <= end && !hasByte(words.getInt32(pos, true), QUOTES)) pos += 4;
  while (pos < end && bytes[pos] !== QUOTE) pos++;
  return pos + 1 < end && bytes[pos + 1] === CLOSE_BRACKET ? pos + 2 : -1;
}

function wordsOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** A byte, four times. */
const COMMAS = COMMA * 0x01010101;
const QUOTES = QUOTE * 0x01010101;

/**
 * Reports whether a word contains the byte that `pattern` repeats. After the XOR that byte is 0, and only a zero byte has
 * its high bit clear and borrows in the subtraction.
 */
function hasByte(word: number, pattern: number): boolean {
  const difference = word ^ pattern;
  return ((difference - 0x01010101) & ~difference & 0x80808080) !== 0;
}
