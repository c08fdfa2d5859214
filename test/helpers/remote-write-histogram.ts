// Native histograms in Prometheus' remote write 1.0, always with float counts.
// Source of the format: prometheus/prometheus prompb/types.proto (Histogram).

import type { CounterResetHint, Histogram, SparseBuckets } from '../../src/model/index.js';

import { double, doubles, integer, lengthDelimited, zigzag } from './wire-format.js';

const HINTS: Readonly<Record<CounterResetHint, number>> = { unknown: 0, reset: 1, not_reset: 2, gauge: 3 };

/** The message of one sample, without its field of the time series. */
export function encodeHistogram(histogram: Histogram, timestampMs: number): Buffer {
  return Buffer.concat([
    double(2, histogram.count),
    double(3, histogram.sum),
    integer(4, zigzag(histogram.schema)),
    double(5, histogram.zeroThreshold),
    double(7, histogram.zeroCount),
    ...spansOf(histogram.negative).map((span) => lengthDelimited(8, span)),
    lengthDelimited(10, doubles(histogram.negative.counts)),
    ...spansOf(histogram.positive).map((span) => lengthDelimited(11, span)),
    lengthDelimited(13, doubles(histogram.positive.counts)),
    integer(14, HINTS[histogram.hint]),
    integer(15, timestampMs),
    lengthDelimited(16, doubles(histogram.customValues)),
  ]);
}

/** A span for each run of adjoining indices: `sint32 offset` from the end of the one before, `uint32 length`. */
function spansOf({ indices }: SparseBuckets): Buffer[] {
  const runs: { first: number; length: number }[] = [];
  for (const index of indices) {
    const run = runs.at(-1);
    if (run !== undefined && run.first + run.length === index) run.length++;
    else runs.push({ first: index, length: 1 });
  }
  let end = 0;
  return runs.map(({ first, length }) => {
    const span = Buffer.concat([integer(1, zigzag(first - end)), integer(2, length)]);
    end = first + length;
    return span;
  });
}
