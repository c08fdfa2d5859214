// Native histograms in the SAMPLES response of remote read. Source: prometheus, prompb/types.proto (`Histogram`).

import { WireType, type BinaryReader } from '@bufbuild/protobuf/wire';

import { invalidAnswer } from '../../json/index.js';
import { CUSTOM_BUCKETS, type CounterResetHint } from '../../model/index.js';
import { exactInteger, readDouble, readFields } from './prompb.js';
import type { WireSample } from './raw-samples-builder.js';
import {
  checkBuckets,
  checkSpans,
  countBuckets,
  createLayout,
  histogramOf,
  type Span,
} from './sparse-histogram.js';

/** Hints by Histogram.ResetHint. */
const HINTS: readonly CounterResetHint[] = ['unknown', 'reset', 'not_reset', 'gauge'];

interface Buckets {
  readonly spans: Span[];
  /** Integer counts, as differences from the previous bucket. */
  readonly deltas: number[];
  /** Float counts. */
  readonly counts: number[];
}

/**
 * Decodes a histogram. Returns a stale marker when the sum is one.
 *
 * Custom buckets without bounds are rejected: Prometheus 3.5 omits the bounds in SAMPLES responses.
 *
 * @throws PromfedError `upstream` when the histogram is invalid.
 */
export function decodeHistogram(message: Uint8Array): {
  readonly timeMs: number;
  readonly sample: WireSample;
} {
  let timeMs = 0;
  let count = 0;
  let zeroCount = 0;
  let sum = { value: 0, isStale: false };
  let schema = 0;
  let zeroThreshold = 0;
  let hint: CounterResetHint = 'unknown';
  const positive: Buckets = { spans: [], deltas: [], counts: [] };
  const negative: Buckets = { spans: [], deltas: [], counts: [] };
  const customValues: number[] = [];
  const fields: Readonly<Record<number, Field>> = {
    1: varint((reader) => (count = exactInteger(reader.uint64()))),
    2: double((value) => (count = value)),
    4: varint((reader) => (schema = reader.sint32())),
    5: double((value) => (zeroThreshold = value)),
    6: varint((reader) => (zeroCount = exactInteger(reader.uint64()))),
    7: double((value) => (zeroCount = value)),
    8: spansInto(negative.spans),
    9: deltasInto(negative.deltas),
    10: doublesInto(negative.counts),
    11: spansInto(positive.spans),
    12: deltasInto(positive.deltas),
    13: doublesInto(positive.counts),
    14: varint((reader) => (hint = HINTS[reader.int32()] ?? 'unknown')),
    15: varint((reader) => (timeMs = exactInteger(reader.int64()))),
    16: doublesInto(customValues),
  };
  readFields(message, (number, wireType, reader) => {
    if (number === 3 && wireType === WireType.Bit64) sum = readDouble(message, reader);
    else if (fields[number]?.(wireType, reader) !== true) reader.skip(wireType);
  });
  if (sum.isStale) return { timeMs, sample: 'stale' };
  if (schema === CUSTOM_BUCKETS && customValues.length === 0) {
    throw invalidAnswer('a native histogram has custom buckets without bounds');
  }
  const layout = createLayout(schema, zeroThreshold, customValues, {
    positive: positive.spans,
    negative: negative.spans,
  });
  const counts = {
    count,
    zeroCount,
    sum: sum.value,
    positive: countsOf(positive),
    negative: countsOf(negative),
  };
  return { timeMs, sample: histogramOf(layout, counts, hint) };
}

/** Returns one count per bucket of the spans. */
function countsOf({ spans, deltas, counts }: Buckets): number[] {
  const all = counts.length > 0 ? counts : summed(deltas);
  if (all.length !== countBuckets(spans) || (counts.length > 0 && deltas.length > 0)) {
    throw invalidAnswer('a native histogram has different numbers of buckets and counts');
  }
  return all;
}

function summed(deltas: readonly number[]): number[] {
  let count = 0;
  return deltas.map((delta) => (count = exactInteger(count + delta)));
}

/** Reads a field. Returns false, and reads nothing, for another wire type. */
type Field = (wireType: WireType, reader: BinaryReader) => boolean;

function varint(read: (reader: BinaryReader) => unknown): Field {
  return (wireType, reader) => {
    if (wireType !== WireType.Varint) return false;
    read(reader);
    return true;
  };
}

function double(read: (value: number) => unknown): Field {
  return (wireType, reader) => {
    if (wireType !== WireType.Bit64) return false;
    read(reader.double());
    return true;
  };
}

function doublesInto(list: number[]): Field {
  return repeated(WireType.Bit64, (reader) => {
    checkBuckets(list.push(reader.double()));
  });
}

function deltasInto(list: number[]): Field {
  return repeated(WireType.Varint, (reader) => {
    checkBuckets(list.push(exactInteger(reader.sint64())));
  });
}

/** Numbers are packed into one field, or have one field each. Readers must accept both. */
function repeated(single: WireType, read: (reader: BinaryReader) => unknown): Field {
  return (wireType, reader) => {
    if (wireType === single) {
      read(reader);
      return true;
    }
    if (wireType !== WireType.LengthDelimited) return false;
    const length = reader.uint32();
    const end = reader.pos + length;
    while (reader.pos < end) read(reader);
    if (reader.pos !== end) throw invalidAnswer('a list of numbers ends too early');
    return true;
  };
}

/** BucketSpan: offset = 1, length = 2. */
function spansInto(list: Span[]): Field {
  return (wireType, reader) => {
    if (wireType !== WireType.LengthDelimited) return false;
    let offset = 0;
    let length = 0;
    readFields(reader.bytes(), (number, type, inner) => {
      if (number === 1 && type === WireType.Varint) offset = inner.sint32();
      else if (number === 2 && type === WireType.Varint) length = inner.uint32();
      else inner.skip(type);
    });
    checkSpans(list.push({ offset, length }));
    return true;
  };
}
