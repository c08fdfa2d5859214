// Decodes a frame: onto the step grid, or as raw samples.

import type { Column, Grid, RawSeries } from '../../model/index.js';
import { formatTimestamp, PromfedError } from '../../model/index.js';
import { OPEN_BRACKET } from '../byte.js';
import type { SeriesFrame } from '../frame.js';
import { SampleReader } from './sample-reader.js';

/** One for all: decoding a frame is never interrupted. */
const reader = new SampleReader();

/**
 * Writes a frame's samples to `column`, whose arrays have one element for each step of `grid` and nothing present.
 * The column's labels are not looked at.
 *
 * @returns how many samples were decoded.
 * @throws PromfedError `upstream` when a sample lies off the grid, or not after the one before it, or is none;
 *   `unsupported` when the frame holds native histograms. The column is then of no use.
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
   * Every NaN is taken for a stale marker: VictoriaMetrics does not strip stale markers from raw samples and prints
   * them as `NaN`, where Prometheus strips them, so that a NaN is one. Default false.
   */
  readonly nanIsStale?: boolean;
}

/**
 * The samples of a frame, in arrays that the caller owns. Of samples at the same time the last one is kept, as
 * VictoriaMetrics has it, which is the only one to send such.
 *
 * @throws PromfedError `upstream` when the samples go back in time or are none; `unsupported` for native histograms.
 */
export function decodeRaw(frame: SeriesFrame, options: DecodeRawOptions = {}): RawSeries {
  let timestamps = new Float64Array(64);
  let values = new Float64Array(64);
  let count = 0;
  reader.begin(frame.samples);
  for (let n = reader.next(); n > 0; n = reader.next()) {
    if (count + n > timestamps.length) {
      timestamps = grown(timestamps, count + n);
      values = grown(values, count + n);
    }
    for (let i = 0; i < n; i++) {
      const timeMs = reader.timestamps[i]!;
      if (count > 0 && timeMs <= timestamps[count - 1]!) {
        if (timeMs < timestamps[count - 1]!) throw backwards(frame, timeMs);
        count--;
      }
      timestamps[count] = timeMs;
      values[count++] = reader.values[i]!;
    }
  }
  const series = {
    labels: frame.labels,
    timestamps: timestamps.slice(0, count),
    values: values.slice(0, count),
  };
  if (options.nanIsStale !== true || !series.values.some(Number.isNaN)) return series;
  return { ...series, stale: Uint8Array.from(series.values, (value) => (Number.isNaN(value) ? 1 : 0)) };
}

/** How many samples a frame can have at most; exact for floats as servers print them. Nothing is decoded. */
export function countSamples({ samples }: SeriesFrame): number {
  let brackets = 0;
  for (const byte of samples) if (byte === OPEN_BRACKET) brackets++;
  // One is the list's own.
  return Math.max(0, brackets - 1);
}

/** A copy with room for at least `needed` elements. */
function grown(array: Float64Array<ArrayBuffer>, needed: number): Float64Array<ArrayBuffer> {
  const larger = new Float64Array(Math.max(needed, array.length * 2));
  larger.set(array);
  return larger;
}

export function offGrid(frame: SeriesFrame, timeMs: number): PromfedError {
  return new PromfedError(
    'upstream',
    `invalid answer: ${frame.labels.toString()} has a sample at ${formatTimestamp(timeMs)}, off the step grid of the query`,
  );
}

function backwards(frame: SeriesFrame, timeMs: number): PromfedError {
  return new PromfedError(
    'upstream',
    `invalid answer: the samples of ${frame.labels.toString()} go back in time at ${formatTimestamp(timeMs)}`,
  );
}
