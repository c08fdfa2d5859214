// Ranges with `anchored` and `smoothed`: rate and its kin between the range's exact edges.

import { eachWindow, type RangeFunction, type Windows } from './range-function.js';

/** How a range reaches beyond its edges for samples. */
export type Extension = 'anchored' | 'smoothed';

/** Which functions take such ranges, in the order in which messages name them. */
const ALLOWED: Readonly<Record<Extension, readonly string[]>> = {
  anchored: ['changes', 'delta', 'increase', 'rate', 'resets'],
  smoothed: ['delta', 'increase', 'rate'],
};

/** The window's samples that count, and the values at its edges. */
interface Edges {
  /** The sample at or before the window's start, else the first; and the last one, or the first at its end or after. */
  readonly first: number;
  readonly last: number;
  readonly left: number;
  readonly right: number;
  readonly startMs: number;
  readonly endMs: number;
}

/**
 * A function of a range with an extension. Its windows must reach back by the lookback, with `smoothed` forward too.
 *
 * Source: Prometheus, promql/functions.go (`extendedRate`), engine.go (`AnchoredSafeFunctions`).
 *
 * @returns what is wrong, as Prometheus says it, for a function that takes no such range.
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
      return neighbours((previous, current) => current < previous);
    case 'changes':
      return neighbours(
        (previous, current) => current !== previous && !(Number.isNaN(current) && Number.isNaN(previous)),
      );
    default:
      return `${extension} modifier can only be used with: ${ALLOWED[extension].join(', ')} - not with ${name}`;
  }
}

/**
 * The samples of one such window as a range vector shows them: one at each edge, and those between.
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
  const [from, to] = inside(windows, edges);
  return {
    timestamps: Float64Array.of(edges.startMs, ...timestamps.subarray(from, to), edges.endMs),
    values: Float64Array.of(edges.left, ...values.subarray(from, to), edges.right),
  };
}

/** The sample of an instant selector with `smoothed`: between its neighbours, else the last one. */
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
  return between(timestamps, values, next - 1, timeMs, false);
}

function difference(extension: Extension, isCounter: boolean, isRate: boolean): RangeFunction {
  return each(isCounter, (windows, step) => {
    const edges = tryEdges(windows, step, extension, isCounter);
    if (edges === undefined) return undefined;
    let result = edges.right - edges.left;
    if (isCounter) result += resetsOf(windows, edges);
    return isRate ? result / (windows.rangeMs / 1000) : result;
  });
}

function neighbours(counts: (previous: number, current: number) => boolean): RangeFunction {
  return each(false, (windows, step) => {
    const edges = tryEdges(windows, step, 'anchored', false);
    if (edges === undefined) return undefined;
    let count = 0;
    for (let i = edges.first + 1; i <= edges.last; i++) {
      if (counts(windows.values[i - 1]!, windows.values[i]!)) count++;
    }
    return count;
  });
}

function each(
  wantsCounter: boolean,
  compute: (windows: Windows, step: number) => number | undefined,
): RangeFunction {
  return {
    ...eachWindow(1, () => NaN, { expectsCounter: wantsCounter }),
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
      ? between(timestamps, values, first, startMs, isCounter)
      : values[first]!;
  const right =
    smooths && last > from && timestamps[last]! > endMs
      ? between(timestamps, values, last - 1, endMs, isCounter)
      : values[last]!;
  return { first, last, left, right, startMs, endMs };
}

/**
 * Which samples of an extended window count: the one at or before the range's start, else the first; and the last one,
 * with `smoothed` the first at the range's end or after. Undefined when there is nothing to tell.
 *
 * @param window the samples `from` inclusive to `to` exclusive, and the range without its extension.
 */
export function edgeSamples(
  timestamps: Float64Array,
  { from, to, startMs, endMs }: Readonly<Record<'from' | 'to' | 'startMs' | 'endMs', number>>,
  extension: Extension,
): Pick<Edges, 'first' | 'last'> | undefined {
  let last = to - 1;
  if (last < from) return undefined;
  let first = from;
  while (first < last && timestamps[first + 1]! <= startMs) first++;
  if (extension === 'smoothed') {
    let end = first;
    while (end < last && timestamps[end]! < endMs) end++;
    last = end;
  }
  // Nothing within, and with nothing before it what comes after says nothing either.
  return timestamps[last]! <= startMs || timestamps[first]! > endMs ? undefined : { first, last };
}

/** Linear between a sample and the next; a counter that was reset between them has started at zero. */
function between(
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

/** The samples strictly between the edges, as indices from … to. */
function inside({ timestamps }: Windows, edges: Edges): [from: number, to: number] {
  const from = timestamps[edges.first]! <= edges.startMs ? edges.first + 1 : edges.first;
  const to = timestamps[edges.last]! >= edges.endMs ? edges.last : edges.last + 1;
  return [from, Math.max(from, to)];
}

/** What a counter had reached at its resets within. Those across an edge are in the edge's value already. */
function resetsOf(windows: Windows, edges: Edges): number {
  const [from, to] = inside(windows, edges);
  let sum = 0;
  let previous = edges.left;
  for (let i = from; i < to; i++) {
    const value = windows.values[i]!;
    if (value < previous) sum += previous;
    previous = value;
  }
  return edges.right < previous ? sum + previous : sum;
}
