// A number for a label set, for remembering very many of them.

import type { Labels } from '../model/index.js';

/**
 * Equal for equal labels. Two different label sets share one with a chance of about 2⁻⁵³: good for noticing a
 * series that came before among millions, not for proving that it did.
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
    // Marks where a text ends.
    a = Math.imul(a ^ 0x10000, 0x01000193);
    b = Math.imul(b ^ (b >>> 15) ^ text.length, 0x2c1b3c6d);
  }
  a = Math.imul(a ^ (a >>> 16), 0x7feb352d);
  b = Math.imul(b ^ (b >>> 13), 0x297a2d39);
  return ((a ^ (a >>> 15)) >>> 0) * 0x200000 + ((b ^ (b >>> 16)) >>> 11);
}
