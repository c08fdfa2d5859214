// Functions of ranges with the modifiers `anchored` and `smoothed`, computed between the exact edges of the range.

import { DEFAULT_TRAITS, type RangeFunction, type Windows } from './range-function.js';

/** The modifier of a range: it uses samples beyond the range's edges. */
export type Extension = 'anchored' | 'smoothed';

/** Functions that accept each modifier, in the order of Prometheus' message. */
const ALLOWED: Readonly<Record<Extension, readonly string[]>> = {
  anchored: ['changes', 'delta', 'increase', 'rate', 'resets'],
  smoothed: ['delta', 'increase', 'rate'],
};

/** Indices of the first and the last sample that count for a range, both inclusive. */
interface EdgeSamples {
  /** The last sample at or before the start of the range, else the first one. */
  readonly first: number;
  /** With `smoothed` the first sample at or after the end of the range; otherwise the last one. */
  readonly last: number;
}

/** A range with the values at its edges. */
interface Edges extends EdgeSamples {
  readonly left: number;
  readonly right: number;
  readonly startMs: number;
  readonly endMs: number;
}

/**
 * Returns the function for ranges with a modifier. Windows must extend back by the lookback, and forward too with
 * `smoothed`. For a function that does not accept the modifier, returns Prometheus' error text.
 *
 * Source: Prometheus, promql/functions.go (`extendedRate`), engine.go (`AnchoredSafeFunctions`).
 */
export function extendedFunction(name: string, extension: Extension): RangeFunction | string {
  switch (ALLOWED[extension].includes(name) ? name : '') {
    case 'rate':
      return difference(extension, true, true);
    case 'increase':
      return difference(extension, true, false);
    case 'delta':
      return difference(extension, false, false);
    case 'resets':
      return countNeighbours((previous, current) => current < previous);
    case 'changes':
      return countNeighbours(
        (previous, current) => current !== previous && !(Number.isNaN(current) && Number.isNaN(previous)),
      );
    default:
      return `${extension} modifier can only be used with: ${ALLOWED[extension].join(', ')} - not with ${name}`;
  }
}

/**
 * Returns the samples of the first step's window as a range vector: one at each edge, and those between. Undefined when
 * the range has no result.
 *
 * Source: Prometheus, promql/engine.go (`extendFloats`).
 */
export function extendedSamples(
  windows: Windows,
  extension: Extension,
): { readonly timestamps: Float64Array; readonly values: Float64Array } | undefined {
  const edges = tryEdges(windows, 0, extension, false);
  if (edges === undefined) return undefined;
  const { timestamps, values } = windows;
  const [from, to] = samplesBetween(windows, edges);
  return {
    timestamps: surround(edges.startMs, timestamps.subarray(from, to), edges.endMs),
    values: surround(edges.left, values.subarray(from, to), edges.right),
  };
}

/** Returns a copy of the values with one more at each end. */
function surround(first: number, between: Float64Array, last: number): Float64Array {
  const all = new Float64Array(between.length + 2);
  all[0] = first;
  all.set(between, 1);
  all[between.length + 1] = last;
  return all;
}

/**
 * Returns the value of an instant selector with `smoothed` at a time: interpolated between the neighbouring samples,
 * else the last value before it. Undefined without a sample at or before the time.
 *
 * @param window the samples with indices `from` inclusive to `to` exclusive.
 */
export function smoothedAt(
  timestamps: Float64Array,
  values: Float64Array,
  { from, to, timeMs }: { readonly from: number; readonly to: number; readonly timeMs: number },
): number | undefined {
  let next = from;
  while (next < to && timestamps[next]! < timeMs) next++;
  if (next < to && timestamps[next] === timeMs) return values[next];
  if (next === from) return undefined;
  if (next === to) return values[next - 1];
  return interpolate(timestamps, values, next - 1, timeMs, false);
}

/** Creates rate, increase and delta. */
function difference(extension: Extension, isCounter: boolean, isRate: boolean): RangeFunction {
  return eachStep(isCounter, (windows, step) => {
    const edges = tryEdges(windows, step, extension, isCounter);
    if (edges === undefined) return undefined;
    let result = edges.right - edges.left;
    if (isCounter) result += resetCorrection(windows, edges);
    return isRate ? result / (windows.rangeMs / 1000) : result;
  });
}

/** Creates a function that counts the samples for which `isCounted` is true, given the one before it. */
function countNeighbours(isCounted: (previous: number, current: number) => boolean): RangeFunction {
  return eachStep(false, (windows, step) => {
    const edges = tryEdges(windows, step, 'anchored', false);
    if (edges === undefined) return undefined;
    let count = 0;
    for (let i = edges.first + 1; i <= edges.last; i++) {
      if (isCounted(windows.values[i - 1]!, windows.values[i]!)) count++;
    }
    return count;
  });
}

/** Creates a function that computes each step on its own. `compute` returns undefined for a step without a result. */
function eachStep(
  expectsCounter: boolean,
  compute: (windows: Windows, step: number) => number | undefined,
): RangeFunction {
  return {
    ...DEFAULT_TRAITS,
    expectsCounter,
    start: (windows, _args, output) => (fromStep, toStep) => {
      for (let step = fromStep; step < toStep; step++) {
        const value = compute(windows, step);
        if (value === undefined) continue;
        output.values[step] = value;
        output.present[step] = 1;
      }
    },
  };
}

/** Returns the edges of a step's range; undefined when the range has no result. */
function tryEdges(
  windows: Windows,
  step: number,
  extension: Extension,
  isCounter: boolean,
): Edges | undefined {
  const { timestamps, values, firstEndMs, endStepMs, rangeMs } = windows;
  const [from, to] = [windows.from[step]!, windows.to[step]!];
  const endMs = firstEndMs + step * endStepMs;
  const startMs = endMs - rangeMs;
  const samples = edgeSamples(timestamps, { from, to, startMs, endMs }, extension);
  if (samples === undefined) return undefined;
  const { first, last } = samples;
  const smooths = extension === 'smoothed';
  const left =
    smooths && timestamps[first]! < startMs
      ? interpolate(timestamps, values, first, startMs, isCounter)
      : values[first]!;
  const right =
    smooths && last > from && timestamps[last]! > endMs
      ? interpolate(timestamps, values, last - 1, endMs, isCounter)
      : values[last]!;
  return { first, last, left, right, startMs, endMs };
}

/**
 * Returns the samples that count for a range with a modifier. Undefined when the range has no result.
 *
 * @param window the samples of the extended window, with indices `from` inclusive to `to` exclusive, and the range
 *   itself.
 */
export function edgeSamples(
  timestamps: Float64Array,
  { from, to, startMs, endMs }: Readonly<Record<'from' | 'to' | 'startMs' | 'endMs', number>>,
  extension: Extension,
): EdgeSamples | undefined {
  let last = to - 1;
  if (last < from) return undefined;
  let first = from;
  while (first < last && timestamps[first + 1]! <= startMs) first++;
  if (extension === 'smoothed') {
    let end = first;
    while (end < last && timestamps[end]! < endMs) end++;
    last = end;
  }
  // No result when all samples are at or before the start of the range, or all are after its end.
  return timestamps[last]! <= startMs || timestamps[first]! > endMs ? undefined : { first, last };
}

/**
 * Interpolates linearly between the sample at `index` and the next one. A counter that was reset between them starts at
 * zero.
 */
function interpolate(
  timestamps: Float64Array,
  values: Float64Array,
  index: number,
  timeMs: number,
  isCounter: boolean,
): number {
  const next = values[index + 1]!;
  const wasReset = isCounter && next < values[index]!;
  const start = wasReset ? 0 : values[index]!;
  const share = (timeMs - timestamps[index]!) / (timestamps[index + 1]! - timestamps[index]!);
  return start + (next - start) * share;
}

/** Returns the samples strictly between the edges, as indices `from` inclusive to `to` exclusive. */
function samplesBetween({ timestamps }: Windows, edges: Edges): [from: number, to: number] {
  const from = timestamps[edges.first]! <= edges.startMs ? edges.first + 1 : edges.first;
  const to = timestamps[edges.last]! >= edges.endMs ? edges.last : edges.last + 1;
  return [from, Math.max(from, to)];
}

/**
 * Returns the sum of the values before each reset between the edges. A reset across an edge is part of the edge's value
 * already.
 */
function resetCorrection(windows: Windows, edges: Edges): number {
  const [from, to] = samplesBetween(windows, edges);
  let sum = 0;
  let previous = edges.left;
  for (let i = from; i < to; i++) {
    const value = windows.values[i]!;
    if (value < previous) sum += previous;
    previous = value;
  }
  return edges.right < previous ? sum + previous : sum;
}
