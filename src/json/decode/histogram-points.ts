// Reads the samples of a frame with native histograms. These frames are rare, so JSON.parse reads them.

import { tryFloatText } from '../number/float-text.js';
import { invalidAnswer } from '../read/upstream-answer-error.js';
import type { SeriesFrame } from '../frame.js';
import { malformedSamples, MAX_SECONDS } from './general-sample.js';

/** A bucket as the API prints it. */
export interface PointBucket {
  /** The bounds that the bucket includes: 0 the upper one, 1 the lower one, 2 none, 3 both. */
  readonly rule: number;
  readonly lower: number;
  readonly upper: number;
  readonly count: number;
}

/** A histogram as the API prints it: populated buckets only, in ascending order. */
export interface HistogramPoint {
  readonly count: number;
  readonly sum: number;
  readonly buckets: readonly PointBucket[];
}

export interface MixedSample {
  /** Milliseconds since the epoch. */
  readonly timeMs: number;
  readonly sample: number | HistogramPoint;
}

/**
 * Returns the samples of a frame, floats and histograms, in the order of time.
 *
 * @throws PromfedError `upstream` when a sample is malformed or two have the same time.
 */
export function readMixedSamples({ samples }: SeriesFrame): MixedSample[] {
  const members = parseMembers(samples);
  const all: MixedSample[] = [];
  for (const [name, value] of Object.entries(members) as [string, unknown][]) {
    const points: unknown = name === 'value' || name === 'histogram' ? [value] : value;
    if (!Array.isArray(points)) throw malformedSamples();
    const readSample = name.startsWith('histogram') ? readHistogram : readFloat;
    for (const point of points as unknown[]) {
      if (!Array.isArray(point) || point.length !== 2) throw malformedSamples();
      const [seconds, sample] = point as unknown[];
      if (typeof seconds !== 'number' || !(Math.abs(seconds) <= MAX_SECONDS)) throw malformedSamples();
      all.push({ timeMs: Math.round(seconds * 1000), sample: readSample(sample) });
    }
  }
  all.sort((a, b) => a.timeMs - b.timeMs);
  if (all.some(({ timeMs }, i) => i > 0 && timeMs === all[i - 1]!.timeMs)) {
    throw invalidAnswer('a series has two samples at the same time');
  }
  return all;
}

function parseMembers(samples: Uint8Array): object {
  try {
    const text = Buffer.from(samples.buffer, samples.byteOffset, samples.byteLength).toString('utf8');
    return JSON.parse(`{${text}}`) as object;
  } catch {
    throw malformedSamples();
  }
}

function readHistogram(value: unknown): HistogramPoint {
  if (typeof value !== 'object' || value === null) throw malformedSamples();
  const { count, sum, buckets = [] } = value as Partial<Record<string, unknown>>;
  if (!Array.isArray(buckets)) throw malformedSamples();
  return { count: readFloat(count), sum: readFloat(sum), buckets: (buckets as unknown[]).map(readBucket) };
}

function readBucket(value: unknown): PointBucket {
  if (!Array.isArray(value) || value.length !== 4) throw malformedSamples();
  const [rule, lower, upper, count] = value as unknown[];
  if (rule !== 0 && rule !== 1 && rule !== 2 && rule !== 3) throw malformedSamples();
  const bucket = { rule, lower: readFloat(lower), upper: readFloat(upper), count: readFloat(count) };
  if (!(bucket.lower <= bucket.upper)) throw malformedSamples();
  return bucket;
}

function readFloat(value: unknown): number {
  const parsed = typeof value === 'string' ? tryFloatText(value) : undefined;
  if (parsed === undefined) throw malformedSamples();
  return parsed;
}
