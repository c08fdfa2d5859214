// Selectors that decode only the statistics of native histograms: counts, sums and reset hints, without buckets.

import { createHistogram, detectReset, type Histogram, type RawSeries } from '../../../model/index.js';
import type { Pacer } from '../../../runtime/index.js';
import { operands, type PlanNode, type SelectorNode } from '../../plan/index.js';
import { isTrim } from '../../language/index.js';

/** Functions that use counts and sums only. */
const STATS_FUNCTIONS: ReadonlySet<string> = new Set(['histogram_count', 'histogram_sum', 'histogram_avg']);

/** Functions that use buckets. */
const BUCKET_FUNCTIONS: ReadonlySet<string> = new Set([
  'histogram_quantile',
  'histogram_quantiles',
  'histogram_fraction',
]);

/**
 * Returns the selectors of a plan whose histograms are decoded without buckets: those below a function of counts and
 * sums, unless something between needs buckets.
 *
 * Source: Prometheus, promql/engine.go (`detectHistogramStatsDecoding`).
 */
export function statsSelectors(root: PlanNode): ReadonlySet<SelectorNode> {
  const selectors = new Set<SelectorNode>();
  const pending: { readonly node: PlanNode; readonly statsOnly: boolean }[] = [
    { node: root, statsOnly: false },
  ];
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    const { node } = next;
    if (needsBuckets(node)) continue;
    if (node.kind === 'selector' && next.statsOnly) selectors.add(node);
    const statsOnly = next.statsOnly || (node.kind === 'call' && STATS_FUNCTIONS.has(node.func));
    for (const child of operands(node)) pending.push({ node: child, statsOnly });
  }
  return selectors;
}

/** Reports whether a node needs the buckets of its operands. Only buckets show resets between points of a subquery. */
function needsBuckets(node: PlanNode): boolean {
  if (node.kind === 'call') return BUCKET_FUNCTIONS.has(node.func);
  return node.kind === 'subquery' || (node.kind === 'binary' && isTrim(node.op));
}

/** The times that an evaluation reads: step i reads the samples up to `lookbackMs` before `firstMs + i * stepMs`. */
interface SampleScan {
  readonly firstMs: number;
  /** 0 when all steps read the same samples. */
  readonly stepMs: number;
  readonly count: number;
  readonly lookbackMs: number;
}

/**
 * Returns a series whose histograms have a schema, a count, a sum and a reset hint only. An unknown hint is replaced by
 * a comparison with all buckets of the previous histogram, if the evaluation reads that one too.
 *
 * Source: Prometheus, promql/histogram_stats_iterator.go; storage/memoized_iterator.go, storage/buffer.go (`Seek`).
 */
export async function decodeStats(pacer: Pacer, series: RawSeries, scan: SampleScan): Promise<RawSeries> {
  const { timestamps, stale, histograms } = series;
  if (histograms === undefined) return series;
  const seekTargets = findSeekTargets(timestamps, scan);
  const stats = new Array<Histogram | undefined>(histograms.length);
  let previous: Histogram | undefined;
  for (const [i, histogram] of histograms.entries()) {
    if (seekTargets.has(i)) previous = undefined;
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

/** Returns the indices of samples that the evaluation reads without reading the sample before. */
function findSeekTargets(
  timestamps: Float64Array,
  { firstMs, stepMs, count, lookbackMs }: SampleScan,
): ReadonlySet<number> {
  const targets = new Set<number>();
  let current = -1;
  for (let step = 0; step < count && current < timestamps.length; step++) {
    const timeMs = firstMs + step * stepMs;
    const fromMs = timeMs - lookbackMs;
    if (current < 0 || fromMs > timestamps[current]!) {
      current = Math.max(current, 0);
      while (current < timestamps.length && timestamps[current]! < fromMs) current++;
      targets.add(current);
    }
    while (current < timestamps.length && timestamps[current]! < timeMs) current++;
    if (stepMs === 0) break;
  }
  return targets;
}
