// Writes integers as decimal digits.

import { ZERO } from '../byte.js';

/** The four digits of each number below 10,000 in one word. The first digit is the lowest byte. */
export const FOUR_DIGITS: Int32Array = Int32Array.from({ length: 10_000 }, (_, i) => {
  const digits = [Math.floor(i / 1000), Math.floor(i / 100) % 10, Math.floor(i / 10) % 10, i % 10];
  return digits.reduceRight((word, digit) => (word << 8) | (ZERO + digit), 0);
});

/**
 * Writes an integer in [0, 2⁵³) without leading zeros and returns the index after it. Up to four bytes after that index
 * may be overwritten.
 */
export function writeInteger(view: DataView, pos: number, value: number): number {
  if (value < 1e4) {
    const zeros = value < 10 ? 3 : value < 100 ? 2 : value < 1000 ? 1 : 0;
    view.setInt32(pos, FOUR_DIGITS[value]! >>> (zeros * 8), true);
    return pos + 4 - zeros;
  }
  const high = Math.floor(value / 1e4);
  pos = writeInteger(view, pos, high);
  view.setInt32(pos, FOUR_DIGITS[value - high * 1e4]!, true);
  return pos + 4;
}
