// Chunks of floats. Source: Prometheus, tsdb/chunkenc/xor.go (`xorIterator`).

import { BitReader, exact, toSigned, XorFloat } from './bit-reader.js';
import type { AddSample } from './raw-samples-builder.js';

/** Number of bits of the second difference of a timestamp, by the number of ones before it. */
const DOD_SIZES = [0, 14, 17, 20, 64] as const;

/**
 * Calls `add` with every sample of a chunk, in order.
 *
 * @throws PromfedError `upstream` when the chunk is invalid; what `add` throws.
 */
export function decodeXorChunk(data: Uint8Array, add: AddSample): undefined {
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
  return undefined;
}

function secondDifference(reader: BitReader): number {
  const size = DOD_SIZES[reader.ones(4)]!;
  return size === 64 ? reader.int64() : toSigned(reader.bits(size), size);
}
