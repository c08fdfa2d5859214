// Chunks of floats. Source: Prometheus, tsdb/chunkenc/xor.go (`xorIterator`).

import { BitReader, centred, exact, XorFloat } from './bit-reader.js';
import type { AddSample } from './raw-samples-builder.js';

/** Of a prefix of n ones the number of bits of a time's second difference. */
const DOD_SIZES = [0, 14, 17, 20, 64] as const;

/**
 * Hands on every sample of a chunk, in its order.
 *
 * @throws PromfedError `upstream` when the bytes are no such chunk; what `add` throws.
 */
export function decodeXorChunk(data: Uint8Array, add: AddSample): void {
  const reader = new BitReader(data, 0);
  const count = reader.bits(16);
  const value = new XorFloat();
  let timeMs = 0;
  let stepMs = 0;
  for (let i = 0; i < count; i++) {
    if (i === 0) {
      timeMs = reader.varint();
      value.begin(reader);
    } else {
      stepMs = exact(i === 1 ? reader.uvarint() : stepMs + secondDifference(reader));
      timeMs = exact(timeMs + stepMs);
      value.next(reader);
    }
    add(timeMs, value.isStale ? 'stale' : value.value);
  }
}

function secondDifference(reader: BitReader): number {
  const size = DOD_SIZES[reader.ones(4)]!;
  return size === 64 ? reader.int64() : centred(reader.bits(size), size);
}
