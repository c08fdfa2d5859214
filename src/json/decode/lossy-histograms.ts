// Native histograms out of the API's JSON, as far as they can be: what their buckets say of the layout they are of.

import {
  boundOf,
  createHistogram,
  CUSTOM_BUCKETS,
  histogramWeight,
  METRIC_NAME,
  PromfedError,
  type Histogram,
  type Labels,
  type SparseBuckets,
} from '../../model/index.js';
import type { HistogramPoint, PointBucket } from './histogram-points.js';

/** Schemas of exponential buckets. Adding to a histogram of the finest one loses nothing of the other. */
const FINEST = 8;
const COARSEST = -4;

/** How far a bound may be from where it should be, as a part of it: not every server prints all digits. */
const TOLERANCE = 1e-12;

interface Pending {
  readonly series: string;
  readonly point: HistogramPoint;
  readonly fill: (histogram: Histogram) => void;
}

/**
 * Histograms of which the API's JSON tells the bounds and counts of the populated buckets. Of which layout they are is
 * found when all of a metric are there: exponential where one schema has all the buckets of a histogram, custom
 * otherwise, with every bound that occurs in the metric, or in the series where series have different ones. A histogram without buckets is of the layout of the others.
 *
 * Lost are the hints of counter resets, the width of an empty zero bucket, custom bounds that no populated bucket
 * has, and which of the two kinds buckets are that can be both, such as (1,2] and (2,4]: they are taken for exponential
 * ones unless another histogram of the metric has custom ones.
 *
 * Source: Prometheus, util/jsonutil (`MarshalHistogram`).
 */
export class LossyHistograms {
  readonly #families = new Map<string, Pending[]>();

  /** @param fill is given the histogram by `resolve`. */
  add(labels: Labels, point: HistogramPoint, fill: (histogram: Histogram) => void): void {
    const family = labels.get(METRIC_NAME);
    const known = this.#families.get(family);
    const pending = { series: labels.key, point, fill };
    if (known === undefined) this.#families.set(family, [pending]);
    else known.push(pending);
  }

  get isEmpty(): boolean {
    return this.#families.size === 0;
  }

  /**
   * Makes the histograms.
   *
   * @param take told the weight of each (`histogramWeight`), less what it has as a sample.
   * @throws PromfedError `unsupported` when the buckets of one are of no layout, or custom ones of several.
   */
  resolve(take: (weight: number) => void): void {
    for (const pending of this.#families.values()) {
      for (const [i, histogram] of resolveFamily(pending).entries()) {
        take(histogramWeight(histogram));
        pending[i]!.fill(histogram);
      }
    }
    this.#families.clear();
  }
}

type Kind = 'empty' | 'exponential' | 'custom' | 'either';

/** One layout of custom bounds for all of a metric, or else one for each of its series. */
function resolveFamily(pending: readonly Pending[]): readonly Histogram[] {
  const together = tryLayout(pending);
  if (together !== undefined) return together;
  const bySeries = new Map<string, Pending[]>();
  for (const one of pending) {
    const known = bySeries.get(one.series);
    if (known === undefined) bySeries.set(one.series, [one]);
    else known.push(one);
  }
  const made = new Map<Pending, Histogram>();
  for (const series of bySeries.values()) {
    const histograms = tryLayout(series);
    if (histograms === undefined) throw ofNoLayout();
    for (const [i, one] of series.entries()) made.set(one, histograms[i]!);
  }
  return pending.map((one) => made.get(one)!);
}

/** Undefined when the buckets are not of one layout, or of none. */
function tryLayout(pending: readonly Pending[]): readonly Histogram[] | undefined {
  const kinds = pending.map(({ point }) => kindOf(point));
  const hasCustom = kinds.includes('custom');
  const isCustom = hasCustom && !kinds.includes('exponential');
  const bounds = hasCustom ? boundsOf(pending.filter((_, i) => isCustom || kinds[i] === 'custom')) : [];
  const histograms: Histogram[] = [];
  for (const [i, { point }] of pending.entries()) {
    const histogram = isCustom || kinds[i] === 'custom' ? tryCustom(point, bounds) : tryExponential(point);
    if (histogram === undefined) return undefined;
    histograms.push(histogram);
  }
  return histograms;
}

function kindOf({ buckets }: HistogramPoint): Kind {
  if (buckets.length === 0) return 'empty';
  if (buckets.some((bucket) => isZero(bucket) || bucket.rule === 1)) return 'exponential';
  const isPositive = buckets.every(({ rule, lower, upper }) => rule === 0 && lower > 0 && upper < Infinity);
  return isPositive && trySchema(buckets) !== undefined ? 'either' : 'custom';
}

/** The zero bucket includes both of its bounds; the first of custom ones does too, and begins at −Inf. */
function isZero({ rule, lower, upper }: PointBucket): boolean {
  return rule === 3 && lower === -upper && Number.isFinite(upper);
}

function tryExponential({ count, sum, buckets }: HistogramPoint): Histogram | undefined {
  const zeros = buckets.filter(isZero);
  const positive = buckets.filter(({ rule, lower }) => rule === 0 && lower > 0);
  const negative = buckets
    .filter(({ rule, upper }) => rule === 1 && upper < 0)
    .map(({ lower, upper, count: n }): PointBucket => ({ rule: 0, lower: -upper, upper: -lower, count: n }))
    .reverse();
  const schema = trySchema([...positive, ...negative]);
  if (
    schema === undefined ||
    zeros.length > 1 ||
    zeros.length + positive.length + negative.length < buckets.length
  ) {
    return undefined;
  }
  const [zero] = zeros;
  const up = trySparse(positive, ({ upper }) => indexOf(upper, schema));
  const down = trySparse(negative, ({ upper }) => indexOf(upper, schema));
  if (up === undefined || down === undefined) return undefined;
  const ofZero = zero === undefined ? {} : { zeroThreshold: zero.upper, zeroCount: zero.count };
  return createHistogram({ schema, count, sum, ...ofZero, positive: up, negative: down });
}

/** The one schema that has all of the buckets, which are positive; undefined when there is none. */
function trySchema(buckets: readonly PointBucket[]): number | undefined {
  const [first] = buckets;
  if (first === undefined) return FINEST;
  const schema = Math.round(-Math.log2(Math.log2(first.upper) - Math.log2(first.lower)));
  if (!(schema >= COARSEST && schema <= FINEST)) return undefined;
  const fits = buckets.every(({ lower, upper }) => {
    const index = indexOf(upper, schema);
    return isNear(boundOf(index, schema, []), upper) && isNear(boundOf(index - 1, schema, []), lower);
  });
  return fits ? schema : undefined;
}

function indexOf(upper: number, schema: number): number {
  return Math.round(Math.log2(upper) * 2 ** schema);
}

function isNear(a: number, b: number): boolean {
  return a === b || Math.abs(a - b) <= TOLERANCE * Math.abs(b);
}

/** Every finite bound of the histograms, ascending. */
function boundsOf(pending: readonly Pending[]): readonly number[] {
  const bounds = new Set<number>();
  for (const { point } of pending) {
    // −0 is the bound 0.
    for (const { lower, upper } of point.buckets) bounds.add(lower + 0).add(upper + 0);
  }
  bounds.delete(Infinity);
  bounds.delete(-Infinity);
  return [...bounds].sort((a, b) => a - b);
}

function tryCustom(
  { count, sum, buckets }: HistogramPoint,
  customValues: readonly number[],
): Histogram | undefined {
  const indices = new Map(customValues.map((bound, i) => [bound, i]));
  indices.set(Infinity, customValues.length);
  indices.set(-Infinity, -1);
  for (const { rule, lower, upper } of buckets) {
    // A bound of another histogram within a bucket: they are not of one layout.
    const width = indices.get(upper + 0)! - indices.get(lower + 0)!;
    if (width !== 1 || rule !== (lower === -Infinity ? 3 : 0)) return undefined;
  }
  const positive = trySparse(buckets, ({ upper }) => indices.get(upper + 0)!);
  return positive && createHistogram({ schema: CUSTOM_BUCKETS, customValues, count, sum, positive });
}

/** Undefined when the buckets do not ascend. */
function trySparse(
  buckets: readonly PointBucket[],
  indexOf: (bucket: PointBucket) => number,
): SparseBuckets | undefined {
  const populated = buckets.filter(({ count }) => count !== 0);
  const indices = populated.map(indexOf);
  if (indices.some((index, i) => i > 0 && index <= indices[i - 1]!)) return undefined;
  return { indices, counts: populated.map(({ count }) => count) };
}

function ofNoLayout(): PromfedError {
  return new PromfedError(
    'unsupported',
    'the buckets of native histograms in a JSON answer are not of one layout, so that they cannot be made whole; ' +
      'they are in the raw samples of a server group with remote_read: true',
  );
}

/** The warning of an answer that is made of such histograms. */
export function lossyHistograms(group: string): string {
  return (
    `server group "${group}": its native histograms are read from JSON, which leaves out hints of counter resets, ` +
    'empty buckets and the bounds around them, and the schema, so that custom bounds like 1, 2, 4 are taken for ' +
    'exponential ones; with remote_read: true they are whole'
  );
}
