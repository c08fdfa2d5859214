// Histograms of VictoriaMetrics: each series counts the observations of one range, for example vmrange="0.1...0.2".

import { tryParseFloat, type Column } from '../../../model/index.js';
import { sortPaced } from '../../../runtime/index.js';
import type { Evaluator } from '../evaluator.js';

const SEPARATOR = '...';

/** A series that counts the observations above `start`, up to `end`. */
export interface RangeBucket {
  readonly start: number;
  readonly end: number;
  /** The bounds as they are written. Bounds are the same when their texts are. */
  readonly startText: string;
  readonly endText: string;
  readonly column: Column;
}

/** The bucket of a series with cumulative counts. */
export interface CumulativeBucket {
  readonly bound: number;
  readonly column: Column;
}

/** Returns the bucket of a series; undefined when its range is missing, malformed or has a NaN. */
export function tryRangeBucket(range: string, column: Column): RangeBucket | undefined {
  const position = range.indexOf(SEPARATOR);
  if (position < 0) return undefined;
  const startText = range.slice(0, position);
  const endText = range.slice(position + SEPARATOR.length);
  const [start = NaN, end = NaN] = [tryParseFloat(startText), tryParseFloat(endText)];
  return Number.isNaN(start) || Number.isNaN(end) ? undefined : { start, end, startText, endText, column };
}

/** A bound of the cumulative counts. Undefined as column: nothing is counted between the bound before it and this one. */
interface Point {
  readonly bound: number;
  column: Column | undefined;
}

/**
 * The cumulative counts of a histogram with ranges: at the end of each range, and at its start where nothing is counted
 * below. Buckets with cumulative counts of the same histogram are added.
 *
 * Source: VictoriaMetrics, app/vmselect/promql/transform.go (`vmrangeBucketsToLE`, `mergeSameLE`).
 */
export class RangeHistogram {
  /** Distinct and ascending. */
  readonly bounds: Float64Array;
  /** In the order in which their counts are added up. */
  readonly #points: readonly Point[];
  readonly #cumulative: readonly CumulativeBucket[];
  /** Indices in `bounds`: those of the points, then those of the cumulative buckets. */
  readonly #slots: Uint32Array;
  /** Samples of merged columns, reserved from the budget. */
  readonly #held: number;

  private constructor(points: readonly Point[], cumulative: readonly CumulativeBucket[], held: number) {
    const ordered = cumulative.filter(({ bound }) => !Number.isNaN(bound));
    const all = [...points, ...ordered].map(({ bound }) => bound);
    this.bounds = Float64Array.from(new Set(all)).sort();
    const slots = new Map<number, number>();
    this.bounds.forEach((bound, i) => slots.set(bound, i));
    this.#points = points;
    this.#cumulative = ordered;
    this.#slots = Uint32Array.from(all, (bound) => slots.get(bound)!);
    this.#held = held;
  }

  /** @param ranges one or more. */
  static async create(
    evaluator: Evaluator,
    ranges: readonly RangeBucket[],
    cumulative: readonly CumulativeBucket[],
  ): Promise<RangeHistogram> {
    const { pacer, grid } = evaluator;
    const points: Point[] = [];
    const known = new Map<string, Point>();
    /** Points whose column is a merged one. */
    const merged = new Set<Point>();
    let previousEnd = 0;
    let isEmpty = true;
    for (const { start, end, startText, endText, column } of await sortPaced(pacer, ranges, compareRanges)) {
      if (pacer.due) await pacer.pause();
      if (!hasObservations(column)) continue;
      if (start !== previousEnd && !known.has(startText)) {
        const gap = { bound: start, column: undefined };
        points.push(gap);
        known.set(startText, gap);
      }
      const point = known.get(endText);
      if (point === undefined) {
        const added = { bound: end, column };
        points.push(added);
        known.set(endText, added);
      } else if (point.column !== undefined && continues(point.column, column)) {
        if (!merged.has(point)) {
          merged.add(point);
          point.column = copyOf(evaluator, point.column);
        }
        copySamples(column, point.column);
      }
      previousEnd = end;
      isEmpty = false;
    }
    if (!isEmpty && previousEnd !== Infinity) points.push({ bound: Infinity, column: undefined });
    return new RangeHistogram(points, cumulative, merged.size * grid.count);
  }

  /** Writes the counts at the bounds for a step. NaN is written where a cumulative bucket has no sample. */
  readCounts(step: number, counts: Float64Array): void {
    counts.fill(0);
    let sum = 0;
    let i = 0;
    for (const { column } of this.#points) {
      if (column?.present[step] === 1 && column.values[step]! > 0) sum += column.values[step]!;
      counts[this.#slots[i++]!]! += sum;
    }
    for (const { column } of this.#cumulative) {
      counts[this.#slots[i++]!]! += column.present[step] === 1 ? column.values[step]! : NaN;
    }
  }

  /** Returns the samples of merged columns to the budget. */
  release({ budget }: Evaluator): void {
    budget.release(this.#held);
  }
}

/** By end, then by start, so that the result does not depend on the order of the series. */
function compareRanges(a: RangeBucket, b: RangeBucket): number {
  return compareNumbers(a.end, b.end) || compareNumbers(a.start, b.start);
}

function compareNumbers(a: number, b: number): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function hasObservations({ values, present }: Column): boolean {
  return values.some((value, step) => value > 0 && present[step] === 1);
}

/**
 * Reports whether a series continues another one with the same end. Two steps at which both have a sample are accepted.
 *
 * Source: VictoriaMetrics, app/vmselect/promql/binary_op.go (`mergeNonOverlappingTimeseries`).
 */
function continues(earlier: Column, later: Column): boolean {
  if (later.present.length <= 2) return false;
  let overlaps = 0;
  for (let step = 0; step < later.present.length; step++) {
    if (hasValue(earlier, step) && hasValue(later, step)) overlaps++;
  }
  return overlaps <= 2;
}

function hasValue({ values, present }: Column, step: number): boolean {
  return present[step] === 1 && !Number.isNaN(values[step]);
}

function copyOf(evaluator: Evaluator, column: Column): Column {
  const copy = evaluator.newColumn(column.labels);
  copySamples(column, copy);
  return copy;
}

function copySamples(from: Column, to: Column): void {
  for (let step = 0; step < from.present.length; step++) {
    if (!hasValue(from, step)) continue;
    to.values[step] = from.values[step]!;
    to.present[step] = 1;
  }
}
