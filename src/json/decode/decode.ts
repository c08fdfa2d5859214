// Decodes frames of floats: onto a step grid, or as raw samples.

import type { Column, Grid, RawSeries } from '../../model/index.js';
import { formatTimestamp, type PromfedError } from '../../model/index.js';
import type { Pacer } from '../../runtime/index.js';
import { OPEN_BRACKET } from '../byte.js';
import type { SeriesFrame } from '../frame.js';
import { invalidAnswer } from '../read/upstream-answer-error.js';
import { SampleReader } from './sample-reader.js';

/** Shared by all calls: decoding a frame is synchronous. */
const reader = new SampleReader();

/**
 * Writes a frame's samples to `column`, whose arrays have one element for each step of `grid` and no sample yet. The
 * labels of the column are not read.
 *
 * @returns the number of samples.
 * @throws PromfedError `upstream` when a sample is malformed, lies off the grid or does not follow the one before it;
 *   `unsupported` when the frame holds native histograms. The contents of the column are then undefined.
 */
export function decodeColumn(frame: SeriesFrame, grid: Grid, column: Column): number {
  const { values, present } = column;
  const { startMs, stepMs, count } = grid;
  const { timestamps, values: decoded } = reader;
  let total = 0;
  let step = -1;
  let expectedMs = startMs;
  reader.begin(frame.samples);
  for (let n = reader.next(); n > 0; n = reader.next()) {
    for (let i = 0; i < n; i++) {
      const timeMs = timestamps[i]!;
      if (timeMs === expectedMs && step + 1 < count) {
        step++;
      } else {
        const next = (timeMs - startMs) / stepMs;
        if (!Number.isInteger(next) || next <= step || next >= count) throw offGrid(frame, timeMs);
        step = next;
      }
      expectedMs = timeMs + stepMs;
      values[step] = decoded[i]!;
      present[step] = 1;
    }
    total += n;
  }
  return total;
}

export interface DecodeRawOptions {
  /**
   * Treats every NaN as a stale marker. VictoriaMetrics prints stale markers as `NaN` in raw samples and stores no other
   * NaN; Prometheus leaves stale markers out, so that a NaN is a sample. Default false.
   */
  readonly nanIsStale?: boolean;
}

/**
 * Returns the samples of a frame in new arrays. Of several samples at one time the last one is kept: VictoriaMetrics,
 * the only server that sends them, does the same.
 *
 * @throws PromfedError `upstream` when a sample is malformed or lies before the previous one; `unsupported` when the
 *   frame holds native histograms.
 */
export function decodeRaw(frame: SeriesFrame, options: DecodeRawOptions = {}): RawSeries {
  const decoder = new RawDecoder(frame, reader);
  while (decoder.decode() > 0);
  return decoder.finish(options);
}

/**
 * Does the same in time slices, for frames of any size.
 *
 * @param reserve called with the number of samples of each block, before the next one is decoded.
 * @throws PromfedError also what `reserve` and `Pacer.pause` throw.
 */
export async function decodeRawPaced(
  frame: SeriesFrame,
  options: DecodeRawOptions,
  pacer: Pacer,
  reserve: (samples: number) => void,
): Promise<RawSeries> {
  // The shared reader may be used by others during a pause.
  const decoder = new RawDecoder(frame, new SampleReader());
  for (;;) {
    const samples = decoder.decode();
    if (samples === 0) return decoder.finish(options);
    reserve(samples);
    if (pacer.due) await pacer.pause();
  }
}

/** Decodes one frame block by block. */
class RawDecoder {
  readonly #frame: SeriesFrame;
  readonly #reader: SampleReader;
  #timestamps = new Float64Array(64);
  #values = new Float64Array(64);
  #count = 0;

  constructor(frame: SeriesFrame, from: SampleReader) {
    this.#frame = frame;
    this.#reader = from;
    from.begin(frame.samples);
  }

  /** Decodes the next block. Returns the number of its samples; 0 at the end. */
  decode(): number {
    const { timestamps: times, values: decoded } = this.#reader;
    const n = this.#reader.next();
    let count = this.#count;
    if (count + n > this.#timestamps.length) {
      this.#timestamps = grown(this.#timestamps, count + n);
      this.#values = grown(this.#values, count + n);
    }
    const timestamps = this.#timestamps;
    const values = this.#values;
    for (let i = 0; i < n; i++) {
      const timeMs = times[i]!;
      if (count > 0 && timeMs <= timestamps[count - 1]!) {
        if (timeMs < timestamps[count - 1]!) throw outOfOrder(this.#frame, timeMs);
        count--;
      }
      timestamps[count] = timeMs;
      values[count++] = decoded[i]!;
    }
    this.#count = count;
    return n;
  }

  finish(options: DecodeRawOptions): RawSeries {
    const series = {
      labels: this.#frame.labels,
      timestamps: this.#timestamps.slice(0, this.#count),
      values: this.#values.slice(0, this.#count),
    };
    if (options.nanIsStale !== true || !series.values.some(Number.isNaN)) return series;
    return { ...series, stale: Uint8Array.from(series.values, (value) => (Number.isNaN(value) ? 1 : 0)) };
  }
}

/** Returns an upper bound on the number of samples, without decoding them. Exact for floats as servers print them. */
export function countSamples({ samples }: SeriesFrame): number {
  let brackets = 0;
  // An iterator would take ten times as long.
  for (let i = 0; i < samples.length; i++) if (samples[i] === OPEN_BRACKET) brackets++;
  // One of them opens the list.
  return Math.max(0, brackets - 1);
}

/** Returns a copy with room for at least `needed` elements. */
function grown(array: Float64Array<ArrayBuffer>, needed: number): Float64Array<ArrayBuffer> {
  const larger = new Float64Array(Math.max(needed, array.length * 2));
  larger.set(array);
  return larger;
}

export function offGrid(frame: SeriesFrame, timeMs: number): PromfedError {
  return invalidAnswer(
    `series ${frame.labels.toString()} has a sample at ${formatTimestamp(timeMs)}, ` +
      'which is off the step grid of the query',
  );
}

function outOfOrder(frame: SeriesFrame, timeMs: number): PromfedError {
  return invalidAnswer(
    `the samples of series ${frame.labels.toString()} go back in time at ${formatTimestamp(timeMs)}`,
  );
}
