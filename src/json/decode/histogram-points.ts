// Reads the samples of a frame that holds native histograms: rare, and so by way of JSON.

import { tryFloatText } from '../number/float-text.js';
import { invalidAnswer } from '../read/upstream-answer-error.js';
import type { SeriesFrame } from '../frame.js';

/** A bucket as the API prints it: which bounds it includes (0 the upper, 1 the lower, 2 none, 3 both), and its count. */
export interface PointBucket {
  readonly rule: number;
  readonly lower: number;
  readonly upper: number;
  readonly count: number;
}

/** A histogram as the API prints it: populated buckets only, ascending. */
export interface HistogramPoint {
  readonly count: number;
  readonly sum: number;
  readonly buckets: readonly PointBucket[];
}

/** One sample, at milliseconds since the epoch. */
export interface MixedSample {
  readonly timeMs: number;
  readonly sample: number | HistogramPoint;
}

const MAX_SECONDS = 1e12;

/**
 * The samples of a frame, floats and histograms, in the order of their times.
 *
 * @throws UpstreamAnswerError when they are none, or two have the same time.
 */
export function readMixedSamples({ samples }: SeriesFrame): MixedSample[] {
  const members = parseMembers(samples);
  const all: MixedSample[] = [];
  for (const [name, value] of Object.entries(members) as [string, unknown][]) {
    const points: unknown = name === 'value' || name === 'histogram' ? [value] : value;
    if (!Array.isArray(points)) throw malformed();
    const read = name.startsWith('histogram') ? readHistogram : readFloat;
    for (const point of points as unknown[]) {
      if (!Array.isArray(point) || point.length !== 2) throw malformed();
      const [seconds, sample] = point as unknown[];
      if (typeof seconds !== 'number' || !(Math.abs(seconds) <= MAX_SECONDS)) throw malformed();
      all.push({ timeMs: Math.round(seconds * 1000), sample: read(sample) });
    }
  }
  all.sort((a, b) => a.timeMs - b.timeMs);
  if (all.some(({ timeMs }, i) => i > 0 && timeMs === all[i - 1]!.timeMs)) {
    throw invalidAnswer('a series with two samples at one time');
  }
  return all;
}

function parseMembers(samples: Uint8Array): object {
  try {
    const text = Buffer.from(samples.buffer, samples.byteOffset, samples.byteLength).toString('utf8');
    return JSON.parse(`{${text}}`) as object;
  } catch {
    throw malformed();
  }
}

function readHistogram(value: unknown): HistogramPoint {
  if (typeof value !== 'object' || value === null) throw malformed();
  const { count, sum, buckets = [] } = value as Partial<Record<string, unknown>>;
  if (!Array.isArray(buckets)) throw malformed();
  return { count: readFloat(count), sum: readFloat(sum), buckets: (buckets as unknown[]).map(readBucket) };
}

function readBucket(value: unknown): PointBucket {
  if (!Array.isArray(value) || value.length !== 4) throw malformed();
  const [rule, lower, upper, count] = value as unknown[];
  if (rule !== 0 && rule !== 1 && rule !== 2 && rule !== 3) throw malformed();
  const bucket = { rule, lower: readFloat(lower), upper: readFloat(upper), count: readFloat(count) };
  if (!(bucket.lower <= bucket.upper)) throw malformed();
  return bucket;
}

function readFloat(value: unknown): number {
  const parsed = typeof value === 'string' ? tryFloatText(value) : undefined;
  if (parsed === undefined) throw malformed();
  return parsed;
}

function malformed(): Error {
  return invalidAnswer('a series whose samples are none');
}
