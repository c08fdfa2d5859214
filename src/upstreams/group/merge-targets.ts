// The merge of the raw samples that the targets of a group return.

import { mergeReplicaSeries } from '../../merge/index.js';
import { truncateSeries, type RawSeries, type TimeWindow } from '../../model/index.js';
import type { Pacer } from '../../runtime/index.js';
import type { TargetGroup } from './fan-out.js';

/**
 * Time that is read beyond both ends of a window, in milliseconds. Samples outside of the window show whether the first
 * target has a gap at its ends. 1.5 intervals are sufficient for that, so the result does not depend on the window for
 * intervals of up to two minutes, the longest that the lookback of Prometheus allows for.
 */
const MARGIN_MS = 180_000;

/** Returns the window that has to be read for the samples of `window`: a longer one when gaps are filled. */
export function readWindow(
  { targets, antiAffinity, clock }: TargetGroup,
  { afterMs, untilMs }: TimeWindow,
): TimeWindow {
  if (targets.length === 1 || antiAffinity !== undefined) return { afterMs, untilMs };
  const end = Math.min(untilMs + MARGIN_MS, clock.now());
  return { afterMs: afterMs - MARGIN_MS, untilMs: Math.max(untilMs, end) };
}

/**
 * Merges the series of all targets, by key. Earlier targets take precedence. Returns their samples in the window.
 *
 * @param targets emptied while their series are merged, so that samples are not held twice.
 * @throws PromfedError of `Pacer.check` when the signal of the pacer aborts.
 */
export async function mergeTargets(
  targets: readonly Map<string, RawSeries>[],
  { antiAffinity }: TargetGroup,
  window: TimeWindow,
  pacer: Pacer,
): Promise<readonly RawSeries[]> {
  const [first, ...others] = targets;
  const merged = first ?? new Map<string, RawSeries>();
  for (const other of others) {
    for (const [key, series] of other) {
      if (pacer.due) await pacer.pause();
      const known = merged.get(key);
      merged.set(key, known === undefined ? series : mergeReplicaSeries(known, series, antiAffinity));
      other.delete(key);
    }
  }
  const result: RawSeries[] = [];
  for (const series of merged.values()) {
    if (pacer.due) await pacer.pause();
    const truncated = truncateSeries(series, window);
    if (truncated.timestamps.length > 0) result.push(truncated);
  }
  return result;
}
