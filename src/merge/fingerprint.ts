// Hashes of label sets.

import type { Labels } from '../model/index.js';

/**
 * Returns a 53-bit hash of a label set. Two different label sets have the same hash with a probability of about 2⁻⁵³:
 * low enough to detect a repeated series among millions, but not a proof.
 */
export function fingerprint(labels: Labels): number {
  const flat = labels.flat;
  let a = 0x811c9dc5;
  let b = 0x1b873593;
  for (let i = 0; i < flat.length; i++) {
    const text = flat[i]!;
    for (let j = 0; j < text.length; j++) {
      const unit = text.charCodeAt(j);
      a = Math.imul(a ^ unit, 0x01000193);
      b = (Math.imul(b, 31) + unit) | 0;
    }
    // Marks the end of a text.
    a = Math.imul(a ^ 0x10000, 0x01000193);
    b = Math.imul(b ^ (b >>> 15) ^ text.length, 0x2c1b3c6d);
  }
  a = Math.imul(a ^ (a >>> 16), 0x7feb352d);
  b = Math.imul(b ^ (b >>> 13), 0x297a2d39);
  return ((a ^ (a >>> 15)) >>> 0) * 0x200000 + ((b ^ (b >>> 16)) >>> 11);
}
