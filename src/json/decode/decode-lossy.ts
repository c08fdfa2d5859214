// Decodes frames that may hold native histograms, for groups whose settings accept what JSON omits of them.

import { PromfedError, type Column, type Grid, type Histogram, type RawSeries } from '../../model/index.js';
import type { MemoryAccount } from '../../runtime/index.js';
import type { SeriesFrame } from '../frame.js';
import { decodeColumn, decodeRaw, offGrid, type DecodeRawOptions } from './decode.js';
import { readMixedSamples } from './histogram-points.js';
import type { LossyHistograms } from './lossy-histograms.js';

/** Memory of parsed JSON for each byte of samples with native histograms. Measured on Node.js 20. */
const PARSED_BYTES = 8;

/** Runs one of the following functions with the memory of the JSON that it parses reserved. */
export function accounted<T>(memory: MemoryAccount, { samples }: SeriesFrame, decode: () => T): T {
  const bytes = PARSED_BYTES * samples.length;
  memory.reserve('samples', bytes);
  try {
    return decode();
  } finally {
    memory.release('samples', bytes);
  }
}

/**
 * Decodes like `decodeColumn`, but accepts native histograms. They are in the result after `lossy.resolve`.
 *
 * @returns `column`, or a column of the same arrays and an array of histograms.
 * @throws PromfedError `upstream` as `decodeColumn` does.
 */
export function decodeLossyColumn(
  frame: SeriesFrame,
  grid: Grid,
  column: Column,
  lossy: LossyHistograms,
): Column {
  if (!failsForHistograms(() => decodeColumn(frame, grid, column))) return column;
  const { startMs, stepMs, count } = grid;
  const { values, present } = column;
  const histograms = new Array<Histogram | undefined>(count).fill(undefined);
  values.fill(0);
  present.fill(0);
  for (const { timeMs, sample } of readMixedSamples(frame)) {
    const step = timeMs === startMs ? 0 : (timeMs - startMs) / stepMs;
    if (!Number.isInteger(step) || step < 0 || step >= count) throw offGrid(frame, timeMs);
    if (typeof sample === 'number') {
      present[step] = 1;
      values[step] = sample;
      continue;
    }
    present[step] = 2;
    lossy.add(frame.labels, sample, (histogram) => {
      histograms[step] = histogram;
    });
  }
  return { ...column, histograms };
}

/** Decodes like `decodeRaw`, but accepts native histograms. They are in the result after `lossy.resolve`. */
export function decodeLossyRaw(
  frame: SeriesFrame,
  options: DecodeRawOptions,
  lossy: LossyHistograms,
): RawSeries {
  let decoded: RawSeries | undefined;
  if (!failsForHistograms(() => (decoded = decodeRaw(frame, options)))) return decoded!;
  const samples = readMixedSamples(frame);
  const histograms = new Array<Histogram | undefined>(samples.length).fill(undefined);
  for (const [i, { sample }] of samples.entries()) {
    if (typeof sample === 'number') continue;
    lossy.add(frame.labels, sample, (histogram) => {
      histograms[i] = histogram;
    });
  }
  return {
    labels: frame.labels,
    timestamps: Float64Array.from(samples, ({ timeMs }) => timeMs),
    values: Float64Array.from(samples, ({ sample }) => (typeof sample === 'number' ? sample : 0)),
    histograms,
  };
}

/** Decodes, and reports whether that failed because of native histograms. Throws every other error. */
function failsForHistograms(decode: () => unknown): boolean {
  try {
    decode();
    return false;
  } catch (thrown) {
    if (thrown instanceof PromfedError && thrown.code === 'unsupported') return true;
    throw thrown;
  }
}
