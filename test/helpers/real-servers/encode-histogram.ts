// Native histograms as messages of Prometheus' remote write and read.
// Source: prometheus/prometheus prompb/types.proto (`Histogram`).

import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire';

import type { CounterResetHint, SparseBuckets } from '../../../src/model/index.js';
import type { TestHistogram } from '../series/series-set.js';

const HINTS: readonly CounterResetHint[] = ['unknown', 'reset', 'not_reset', 'gauge'];

/** Encodes a histogram and its time. */
export function encodeHistogram({ histogram, as }: TestHistogram, timeMs: number): Buffer {
  const { schema, zeroThreshold, zeroCount, count, sum, positive, negative, customValues, hint } = histogram;
  const writer = new BinaryWriter();
  if (as === 'integers') {
    writer.tag(1, WireType.Varint).uint64(count);
    writer.tag(6, WireType.Varint).uint64(zeroCount);
  } else {
    writer.tag(2, WireType.Bit64).double(count);
    writer.tag(7, WireType.Bit64).double(zeroCount);
  }
  writer.tag(3, WireType.Bit64).double(sum);
  writer.tag(4, WireType.Varint).sint32(schema);
  writer.tag(5, WireType.Bit64).double(zeroThreshold);
  writeBuckets(writer, negative, as, 8);
  writeBuckets(writer, positive, as, 11);
  writer.tag(14, WireType.Varint).int32(HINTS.indexOf(hint));
  writer.tag(15, WireType.Varint).int64(timeMs);
  if (customValues.length > 0) packed(writer, 16, customValues, (inner, value) => inner.double(value));
  return Buffer.from(writer.finish());
}

/** Encodes spans, deltas and counts, in the field of the given number and the next two. */
function writeBuckets(
  writer: BinaryWriter,
  { indices, counts }: SparseBuckets,
  as: TestHistogram['as'],
  field: number,
): void {
  let next = 0;
  for (const index of indices) {
    const span = new BinaryWriter();
    span.tag(1, WireType.Varint).sint32(index - next);
    span.tag(2, WireType.Varint).uint32(1);
    writer.tag(field, WireType.LengthDelimited).bytes(span.finish());
    next = index + 1;
  }
  if (indices.length === 0) return;
  if (as === 'floats') {
    packed(writer, field + 2, counts, (inner, value) => inner.double(value));
  } else {
    const deltas = counts.map((count, i) => count - (counts[i - 1] ?? 0));
    packed(writer, field + 1, deltas, (inner, value) => inner.sint64(value));
  }
}

function packed(
  writer: BinaryWriter,
  field: number,
  values: readonly number[],
  write: (inner: BinaryWriter, value: number) => unknown,
): void {
  const inner = new BinaryWriter();
  for (const value of values) write(inner, value);
  writer.tag(field, WireType.LengthDelimited).bytes(inner.finish());
}
