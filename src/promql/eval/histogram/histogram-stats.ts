// Selectors of which only the counts and sums of histograms are asked: what they then know of resets.

import { createHistogram, detectReset, type Histogram, type RawSeries } from '../../../model/index.js';
import type { Pacer } from '../../../runtime/index.js';
import { operands, type PlanNode, type SelectorNode } from '../../plan/index.js';
import { isTrim } from '../../language/index.js';

/** Functions that look at counts and sums alone, whatever is between them and the selector. */
const OF_STATS: ReadonlySet<string> = new Set(['histogram_count', 'histogram_sum', 'histogram_avg']);

/** Functions that need every bucket. */
const OF_BUCKETS: ReadonlySet<string> = new Set([
  'histogram_quantile',
  'histogram_quantiles',
  'histogram_fraction',
]);

/**
 * The selectors of a plan whose histograms are read without their buckets.
 *
 * Source: Prometheus, promql/engine.go (`detectHistogramStatsDecoding`).
 */
export function statsSelectors(root: PlanNode): ReadonlySet<SelectorNode> {
  const found = new Set<SelectorNode>();
  const pending: { readonly node: PlanNode; readonly ofStats: boolean }[] = [{ node: root, ofStats: false }];
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    const { node } = next;
    if (needsBuckets(node)) continue;
    if (node.kind === 'selector' && next.ofStats) found.add(node);
    const ofStats = next.ofStats || (node.kind === 'call' && OF_STATS.has(node.func));
    for (const child of operands(node)) pending.push({ node: child, ofStats });
  }
  return found;
}

/** Whether what is below the node must be read with buckets: of points of a subquery they alone tell resets. */
function needsBuckets(node: PlanNode): boolean {
  if (node.kind === 'call') return OF_BUCKETS.has(node.func);
  return node.kind === 'subquery' || (node.kind === 'binary' && isTrim(node.op));
}

/** How samples are gone through: for each step from `reachMs` before its time, but never back. */
interface Reading {
  /** Step i is about `firstMs + i * stepMs`. */
  readonly firstMs: number;
  readonly stepMs: number;
  readonly count: number;
  readonly reachMs: number;
}

/**
 * The series with histograms that are nothing but a schema, a count, a sum and a hint. A sample that says nothing of a
 * reset is compared with the histogram before it, with all its buckets, where that one was gone through too. Without
 * one it goes on saying nothing.
 *
 * Source: Prometheus, promql/histogram_stats_iterator.go; storage/memoized_iterator.go, storage/buffer.go (`Seek`).
 */
export async function withStatsOnly(pacer: Pacer, series: RawSeries, reading: Reading): Promise<RawSeries> {
  const { timestamps, stale, histograms } = series;
  if (histograms === undefined) return series;
  const jumps = jumpsOf(timestamps, reading);
  const stats = new Array<Histogram | undefined>(histograms.length);
  let previous: Histogram | undefined;
  for (const [i, histogram] of histograms.entries()) {
    if (jumps.has(i)) previous = undefined;
    if (histogram === undefined || stale?.[i] === 1) continue;
    if (pacer.due) await pacer.pause();
    const { schema, count, sum } = histogram;
    let { hint } = histogram;
    if (hint === 'unknown' && previous !== undefined) {
      hint = detectReset(histogram, previous) ? 'reset' : 'not_reset';
    }
    previous = histogram;
    stats[i] = createHistogram({ schema, count, sum, hint });
  }
  return { ...series, histograms: stats };
}

/** The samples that are jumped to, the one before them not being gone through. */
function jumpsOf(
  timestamps: Float64Array,
  { firstMs, stepMs, count, reachMs }: Reading,
): ReadonlySet<number> {
  const jumps = new Set<number>();
  let current = -1;
  for (let step = 0; step < count && current < timestamps.length; step++) {
    const timeMs = firstMs + step * stepMs;
    const fromMs = timeMs - reachMs;
    if (current < 0 || fromMs > timestamps[current]!) {
      current = Math.max(current, 0);
      while (current < timestamps.length && timestamps[current]! < fromMs) current++;
      jumps.add(current);
    }
    while (current < timestamps.length && timestamps[current]! < timeMs) current++;
    if (stepMs === 0) break;
  }
  return jumps;
}
