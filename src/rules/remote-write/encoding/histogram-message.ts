// Native histograms as messages. The message is the same in both versions of remote write.
// Source: Prometheus, prompb/types.proto and prompb/io/prometheus/write/v2/types.proto (`Histogram`).

import { type BinaryWriter, WireType } from '@bufbuild/protobuf/wire';

import type { CounterResetHint, Histogram, SparseBuckets } from '../../../model/index.js';

/** Histogram.ResetHint. */
const RESET_HINTS: Readonly<Record<CounterResetHint, number>> = {
  unknown: 0,
  reset: 1,
  not_reset: 2,
  gauge: 3,
};

/** Writes the fields of a histogram with float counts. Rules compute with floats only, as in Prometheus. */
export function writeHistogram(writer: BinaryWriter, timeMs: number, histogram: Histogram): void {
  writer.tag(2, WireType.Bit64).double(histogram.count);
  writer.tag(3, WireType.Bit64).double(histogram.sum);
  writer.tag(4, WireType.Varint).sint32(histogram.schema);
  writer.tag(5, WireType.Bit64).double(histogram.zeroThreshold);
  writer.tag(7, WireType.Bit64).double(histogram.zeroCount);
  writeBuckets(writer, histogram.negative, 8, 10);
  writeBuckets(writer, histogram.positive, 11, 13);
  writer.tag(14, WireType.Varint).int32(RESET_HINTS[histogram.hint]);
  writer.tag(15, WireType.Varint).int64(timeMs);
  writeDoubles(writer, 16, histogram.customValues);
}

/** Writes one span for each run of consecutive indices, and the counts. */
function writeBuckets(
  writer: BinaryWriter,
  { indices, counts }: SparseBuckets,
  spansField: number,
  countsField: number,
): void {
  let previousEnd = 0;
  for (let from = 0; from < indices.length;) {
    const first = indices[from]!;
    let to = from + 1;
    while (to < indices.length && indices[to] === first + to - from) to++;
    // BucketSpan: offset = 1, length = 2.
    writer.tag(spansField, WireType.LengthDelimited).fork();
    writer.tag(1, WireType.Varint).sint32(first - previousEnd);
    writer.tag(2, WireType.Varint).uint32(to - from);
    writer.join();
    previousEnd = first + to - from;
    from = to;
  }
  writeDoubles(writer, countsField, counts);
}

function writeDoubles(writer: BinaryWriter, field: number, values: readonly number[]): void {
  if (values.length === 0) return;
  writer.tag(field, WireType.LengthDelimited).fork();
  for (const value of values) writer.double(value);
  writer.join();
}
