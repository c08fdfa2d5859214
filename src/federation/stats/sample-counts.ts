// Counts of samples, taken only when they are read: samples in JSON have to be scanned.

import { countSamples, decodeLossyRaw, LossyHistograms, type SeriesFrame } from '../../json/index.js';
import { PromfedError, type Grid, type RawSeries } from '../../model/index.js';

/**
 * - `counters`: requests, bytes, series and times, which cost nothing to count.
 * - `samples`: also the number of samples.
 * - `samples-per-step`: also the number of samples for each step of the query.
 */
export type StatsDetail = 'counters' | 'samples' | 'samples-per-step';

/** Counts the samples of series as they arrive. */
export interface SampleCounts {
  /** Returns the number of samples in a batch. */
  addFrames(batch: readonly SeriesFrame[]): number;
  addRaw(series: readonly RawSeries[]): number;
  /** The counts by step, each with the time of the step; undefined when they are not counted. */
  perStep(): readonly (readonly [timeMs: number, samples: number])[] | undefined;
}

/** @param grid the steps of the query. */
export function createSampleCounts(detail: StatsDetail, grid: Grid): SampleCounts {
  switch (detail) {
    case 'counters':
      return NOT_COUNTED;
    case 'samples':
      return TOTALS;
    case 'samples-per-step':
      return new StepCounts(grid);
  }
}

const NOT_COUNTED: SampleCounts = {
  addFrames: () => 0,
  addRaw: () => 0,
  perStep: () => undefined,
};

const TOTALS: SampleCounts = {
  addFrames: (batch) => batch.reduce((total, frame) => total + samplesIn(frame), 0),
  addRaw: (series) => series.reduce((total, { timestamps }) => total + timestamps.length, 0),
  perStep: () => undefined,
};

/** Counts each sample for the first step at or after its time, or for the last step. */
class StepCounts implements SampleCounts {
  readonly #grid: Grid;
  readonly #counts: Float64Array;

  constructor(grid: Grid) {
    this.#grid = grid;
    this.#counts = new Float64Array(grid.count);
  }

  addFrames(batch: readonly SeriesFrame[]): number {
    return this.addRaw(batch.flatMap((frame) => tryDecode(frame) ?? []));
  }

  addRaw(series: readonly RawSeries[]): number {
    const { startMs, stepMs, count } = this.#grid;
    let total = 0;
    for (const { timestamps } of series) {
      total += timestamps.length;
      for (const timeMs of timestamps) {
        const step = count === 1 ? 0 : Math.ceil((timeMs - startMs) / stepMs);
        this.#counts[Math.min(Math.max(step, 0), count - 1)]! += 1;
      }
    }
    return total;
  }

  perStep(): readonly (readonly [timeMs: number, samples: number])[] {
    const { startMs, stepMs } = this.#grid;
    return Array.from(this.#counts, (samples, step) => [startMs + step * stepMs, samples] as const);
  }
}

/**
 * Decodes a series for its timestamps; histograms are not built. Returns undefined for malformed samples: they pass
 * through, and counting must not fail the query.
 */
function tryDecode(frame: SeriesFrame): RawSeries | undefined {
  try {
    return decodeLossyRaw(frame, {}, new LossyHistograms());
  } catch (thrown) {
    if (thrown instanceof PromfedError) return undefined;
    throw thrown;
  }
}

/** The only sample of an instant series. */
const INSTANT = /^"(?:value|histogram)":/;

function samplesIn(frame: SeriesFrame): number {
  const { samples } = frame;
  const beginning = Buffer.from(samples.buffer, samples.byteOffset, Math.min(samples.length, 12));
  return INSTANT.test(beginning.toString('latin1')) ? 1 : countSamples(frame);
}
