// Chunks of native histograms with integer and float counts. Source: Prometheus, tsdb/chunkenc/histogram.go
// (`histogramIterator`), float_histogram.go (`floatHistogramIterator`) and histogram_meta.go.

import { CUSTOM_BUCKETS, type CounterResetHint } from '../../model/index.js';
import { BitReader, exact, truncatedChunk, XorFloat } from './bit-reader.js';
import type { AddSample } from './raw-samples-builder.js';
import {
  checkBuckets,
  checkSpans,
  countBuckets,
  createLayout,
  histogramOf,
  type HistogramCounts,
  type HistogramLayout,
  type Span,
} from './sparse-histogram.js';

/** Hints by the upper two bits of the chunk's flags. */
const CHUNK_HINTS = ['unknown', 'not_reset', 'reset', 'gauge'] as const;

const HEADER_BYTES = 3;

/**
 * Calls `add` with every sample of a chunk of histograms with integer counts, in order. Yields after each sample, so that
 * the caller may pause: a sample may have many thousands of buckets.
 *
 * @throws PromfedError `upstream` when the chunk is invalid; what `add` throws.
 */
export function decodeHistogramChunk(data: Uint8Array, add: AddSample): Generator<undefined, void> {
  return decodeChunk(data, add, (positive, negative) => new IntegerCounts(positive, negative));
}

/**
 * Does the same with a chunk of histograms with float counts.
 *
 * @throws PromfedError as `decodeHistogramChunk` does.
 */
export function decodeFloatHistogramChunk(data: Uint8Array, add: AddSample): Generator<undefined, void> {
  return decodeChunk(data, add, (positive, negative) => new FloatCounts(positive, negative));
}

/** The counts of the current sample. `begin` reads the first sample, `next` the difference to the next one. */
interface ChunkCounts extends HistogramCounts {
  readonly isStale: boolean;
  begin(reader: BitReader): void;
  next(reader: BitReader): void;
}

function* decodeChunk(
  data: Uint8Array,
  add: AddSample,
  createCounts: (positive: number, negative: number) => ChunkCounts,
): Generator<undefined, void> {
  if (data.length < HEADER_BYTES) throw truncatedChunk();
  const total = data[0]! * 256 + data[1]!;
  if (total === 0) return;
  const chunkHint = CHUNK_HINTS[data[2]! >>> 6]!;
  const reader = new BitReader(data, HEADER_BYTES);
  const layout = readLayout(reader);
  const counts = createCounts(layout.positive.length, layout.negative.length);
  let timeMs = 0;
  let stepMs = 0;
  for (let i = 0; i < total; i++) {
    if (i === 0) {
      timeMs = reader.varbitInt();
      counts.begin(reader);
    } else {
      stepMs = exact(stepMs + reader.varbitInt());
      timeMs = exact(timeMs + stepMs);
      counts.next(reader);
    }
    add(timeMs, counts.isStale ? 'stale' : histogramOf(layout, counts, hintOf(chunkHint, i)));
    yield undefined;
  }
}

/** Source: Prometheus, tsdb/chunkenc/histogram_meta.go (`counterResetHint`). */
function hintOf(chunkHint: CounterResetHint, index: number): CounterResetHint {
  if (chunkHint === 'gauge') return 'gauge';
  if (index > 0) return 'not_reset';
  // The previous chunk may be missing.
  return chunkHint === 'reset' ? 'reset' : 'unknown';
}

function readLayout(reader: BitReader): HistogramLayout {
  const zeroThreshold = readZeroThreshold(reader);
  const schema = reader.varbitInt();
  const positive = readSpans(reader);
  const negative = readSpans(reader);
  const customValues: number[] = [];
  if (schema === CUSTOM_BUCKETS) {
    const count = readCount(reader);
    checkBuckets(count);
    for (let n = count; n > 0; n--) customValues.push(readCustomBound(reader));
  }
  // Every bucket has at least one bit, so an invalid count allocates nothing.
  if (countBuckets(positive) + countBuckets(negative) > reader.bitsLeft) throw truncatedChunk();
  return createLayout(schema, zeroThreshold, customValues, { positive, negative });
}

/** Powers of two from 2^-243 to 2^10 are encoded in one byte; other thresholds follow the byte 255. */
function readZeroThreshold(reader: BitReader): number {
  const byte = reader.bits(8);
  if (byte === 0) return 0;
  return byte === 255 ? reader.double() : 2 ** (byte - 244);
}

function readSpans(reader: BitReader): Span[] {
  const spans: Span[] = [];
  const count = readCount(reader);
  checkSpans(count);
  for (let n = count; n > 0; n--) {
    const length = reader.varbitUint();
    spans.push({ length, offset: reader.varbitInt() });
  }
  return spans;
}

/** Reads the number of items that follow. Each item has at least one bit. */
function readCount(reader: BitReader): number {
  const count = reader.varbitUint();
  if (count > reader.bitsLeft) throw truncatedChunk();
  return count;
}

/** Reads a bound, which is encoded in thousandths or as a float. */
function readCustomBound(reader: BitReader): number {
  const code = reader.varbitUint();
  return code === 0 ? reader.double() : (code - 1) / 1000;
}

/** Integer counts, encoded as second differences; buckets also as differences from the previous bucket. */
class IntegerCounts implements ChunkCounts {
  count = 0;
  zeroCount = 0;
  readonly positive: Float64Array;
  readonly negative: Float64Array;
  readonly #sum = new XorFloat();
  #countStep = 0;
  #zeroStep = 0;
  readonly #positive: BucketSteps;
  readonly #negative: BucketSteps;

  constructor(positive: number, negative: number) {
    this.#positive = new BucketSteps(positive);
    this.#negative = new BucketSteps(negative);
    this.positive = this.#positive.counts;
    this.negative = this.#negative.counts;
  }

  get sum(): number {
    return this.#sum.value;
  }

  get isStale(): boolean {
    return this.#sum.isStale;
  }

  begin(reader: BitReader): void {
    this.count = reader.varbitUint();
    this.zeroCount = reader.varbitUint();
    this.#sum.begin(reader);
    this.#positive.begin(reader);
    this.#negative.begin(reader);
  }

  next(reader: BitReader): void {
    this.#countStep = exact(this.#countStep + reader.varbitInt());
    this.count = exact(this.count + this.#countStep);
    this.#zeroStep = exact(this.#zeroStep + reader.varbitInt());
    this.zeroCount = exact(this.zeroCount + this.#zeroStep);
    this.#sum.next(reader);
    // A stale marker has no buckets.
    if (this.isStale) return;
    this.#positive.next(reader);
    this.#negative.next(reader);
  }
}

/** The integer counts of the buckets of one sign. */
class BucketSteps {
  readonly counts: Float64Array;
  /** Difference of each bucket from the previous bucket. */
  readonly #deltas: Float64Array;
  /** Last change of each element of `#deltas`. */
  readonly #steps: Float64Array;

  constructor(length: number) {
    this.counts = new Float64Array(length);
    this.#deltas = new Float64Array(length);
    this.#steps = new Float64Array(length);
  }

  begin(reader: BitReader): void {
    let count = 0;
    for (let i = 0; i < this.counts.length; i++) {
      this.#deltas[i] = reader.varbitInt();
      count = exact(count + this.#deltas[i]!);
      this.counts[i] = count;
    }
  }

  next(reader: BitReader): void {
    let count = 0;
    for (let i = 0; i < this.counts.length; i++) {
      this.#steps[i] = exact(this.#steps[i]! + reader.varbitInt());
      this.#deltas[i] = exact(this.#deltas[i]! + this.#steps[i]!);
      count = exact(count + this.#deltas[i]!);
      this.counts[i] = count;
    }
  }
}

/** Float counts, encoded as differences of their bits. */
class FloatCounts implements ChunkCounts {
  readonly positive: Float64Array;
  readonly negative: Float64Array;
  readonly #count = new XorFloat();
  readonly #zeroCount = new XorFloat();
  readonly #sum = new XorFloat();
  readonly #positive: readonly XorFloat[];
  readonly #negative: readonly XorFloat[];

  constructor(positive: number, negative: number) {
    this.positive = new Float64Array(positive);
    this.negative = new Float64Array(negative);
    this.#positive = Array.from({ length: positive }, () => new XorFloat());
    this.#negative = Array.from({ length: negative }, () => new XorFloat());
  }

  get count(): number {
    return this.#count.value;
  }

  get zeroCount(): number {
    return this.#zeroCount.value;
  }

  get sum(): number {
    return this.#sum.value;
  }

  get isStale(): boolean {
    return this.#sum.isStale;
  }

  begin(reader: BitReader): void {
    for (const one of [this.#count, this.#zeroCount, this.#sum]) one.begin(reader);
    for (const one of this.#positive) one.begin(reader);
    for (const one of this.#negative) one.begin(reader);
    this.#publish();
  }

  next(reader: BitReader): void {
    for (const one of [this.#count, this.#zeroCount, this.#sum]) one.next(reader);
    if (this.isStale) return;
    for (const one of this.#positive) one.next(reader);
    for (const one of this.#negative) one.next(reader);
    this.#publish();
  }

  #publish(): void {
    for (const [i, one] of this.#positive.entries()) this.positive[i] = one.value;
    for (const [i, one] of this.#negative.entries()) this.negative[i] = one.value;
  }
}
