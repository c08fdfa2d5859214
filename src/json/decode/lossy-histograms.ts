// Reconstructs native histograms from the API's JSON, which omits their bucket layout.

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

/** Range of exponential schemas. Adding a histogram of the finest schema to another one does not reduce its resolution. */
const FINEST = 8;
const COARSEST = -4;

/** Relative tolerance of bucket bounds: not every server prints all digits. */
const TOLERANCE = 1e-12;

/** A histogram that is not reconstructed yet. */
interface Pending {
  /** Key of the series' labels. */
  readonly series: string;
  readonly point: HistogramPoint;
  readonly fill: (histogram: Histogram) => void;
}

/**
 * Collects histograms as the API's JSON has them, bounds and counts of populated buckets, and reconstructs them once all
 * of a metric are known. A histogram is exponential when one schema has all of its buckets, and custom otherwise. Custom
 * bounds are those that occur in the metric, or in the series when series have different ones. A histogram without
 * buckets has the layout of the others.
 *
 * The results lack counter reset hints, the width of an empty zero bucket, and custom bounds around empty buckets.
 * Buckets that fit both layouts, such as (1,2] and (2,4], become exponential unless another histogram of the metric is
 * custom.
 *
 * Source: Prometheus, util/jsonutil (`MarshalHistogram`).
 */
export class LossyHistograms {
  readonly #families = new Map<string, Pending[]>();

  /** @param fill receives the histogram from `resolve`. */
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
   * Reconstructs the histograms and passes each to its `fill`.
   *
   * @param reserve receives the weight of each histogram (`histogramWeight`) before `fill` receives the histogram.
   * @throws PromfedError `unsupported` when the buckets of a histogram fit no layout, or when the histograms of a series
   *   have contradictory custom bounds.
   */
  resolve(reserve: (weight: number) => void): void {
    for (const pending of this.#families.values()) {
      for (const [i, histogram] of resolveFamily(pending).entries()) {
        reserve(histogramWeight(histogram));
        pending[i]!.fill(histogram);
      }
    }
    this.#families.clear();
  }
}

/** The layouts that the buckets of one histogram fit. */
type Kind = 'empty' | 'exponential' | 'custom' | 'either';

/** Uses one layout of custom bounds for a metric if possible, and one for each of its series otherwise. */
function resolveFamily(pending: readonly Pending[]): readonly Histogram[] {
  const together = tryLayout(pending);
  if (together !== undefined) return together;
  const bySeries = new Map<string, Pending[]>();
  for (const one of pending) {
    const others = bySeries.get(one.series);
    if (others === undefined) bySeries.set(one.series, [one]);
    else others.push(one);
  }
  const resolved = new Map<Pending, Histogram>();
  for (const series of bySeries.values()) {
    const histograms = tryLayout(series);
    if (histograms === undefined) throw inconsistentLayouts();
    for (const [i, one] of series.entries()) resolved.set(one, histograms[i]!);
  }
  return pending.map((one) => resolved.get(one)!);
}

/** Returns undefined when the buckets do not fit one layout. */
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

/** The zero bucket includes both of its bounds. So does the first custom bucket, whose lower bound is −Inf. */
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
  const zeroBucket = zero === undefined ? {} : { zeroThreshold: zero.upper, zeroCount: zero.count };
  return createHistogram({ schema, count, sum, ...zeroBucket, positive: up, negative: down });
}

/** Returns the schema that has all of the given positive buckets; undefined when there is none. */
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

/** Returns every finite bound of the histograms, in ascending order. */
function boundsOf(pending: readonly Pending[]): readonly number[] {
  const bounds = new Set<number>();
  for (const { point } of pending) {
    // Adding 0 turns −0 into 0.
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
    // A width above 1: another histogram has a bound inside this bucket.
    const width = indices.get(upper + 0)! - indices.get(lower + 0)!;
    if (width !== 1 || rule !== (lower === -Infinity ? 3 : 0)) return undefined;
  }
  const positive = trySparse(buckets, ({ upper }) => indices.get(upper + 0)!);
  return positive && createHistogram({ schema: CUSTOM_BUCKETS, customValues, count, sum, positive });
}

/** Returns undefined when the buckets do not ascend. */
function trySparse(
  buckets: readonly PointBucket[],
  indexOf: (bucket: PointBucket) => number,
): SparseBuckets | undefined {
  const populated = buckets.filter(({ count }) => count !== 0);
  const indices = populated.map(indexOf);
  if (indices.some((index, i) => i > 0 && index <= indices[i - 1]!)) return undefined;
  return { indices, counts: populated.map(({ count }) => count) };
}

function inconsistentLayouts(): PromfedError {
  return new PromfedError(
    'unsupported',
    'native histograms in JSON have inconsistent bucket layouts and cannot be reconstructed: ' +
      'set remote_read: true for the server group',
  );
}

/** The warning of an answer that contains reconstructed histograms. */
export function lossyHistogramsWarning(group: string): string {
  return (
    `server group "${group}": native histograms are read from JSON, which omits counter reset hints, empty buckets ` +
    'with their bounds, and the schema: custom bounds such as 1, 2, 4 are taken for exponential ones; ' +
    'remote_read: true keeps all of it'
  );
}
