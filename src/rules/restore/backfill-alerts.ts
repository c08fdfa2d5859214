// The state of alerts computed from the past, where none is stored.

import { rangeGrid, type Column } from '../../model/index.js';
import type { ActiveAlert } from '../alert/active-alert.js';
import { readRange, type RangeReader } from './read-range.js';

export interface BackfillOptions extends RangeReader {
  /** The expression of the rule. */
  readonly text: string;
  readonly nowMs: number;
  /** `for`. */
  readonly forMs: number;
  readonly intervalMs: number;
}

/** Upper bound on the steps of the query. */
const MAX_STEPS = 10_000;

/**
 * Evaluates the expression of a rule over the time of `for`, and moves each alert back to the beginning of the steps in
 * which its series existed without a gap.
 *
 * Source: promxy, `--rules.alertbackfill`.
 *
 * @throws PromfedError when the query fails.
 */
export async function backfillAlerts(
  alerts: readonly ActiveAlert[],
  options: BackfillOptions,
): Promise<void> {
  const { text, nowMs, forMs, intervalMs } = options;
  const stepMs = Math.max(1, Math.ceil(intervalMs), Math.ceil(forMs / MAX_STEPS));
  const steps = Math.ceil(forMs / stepMs);
  const grid = rangeGrid(nowMs - steps * stepMs, nowMs, stepMs);
  const { columns } = await readRange(text, grid, undefined, options);
  const byLabels = new Map(columns.map((column) => [column.labels.key, column]));
  for (const alert of alerts) {
    const column = byLabels.get(alert.sourceLabels.key);
    const first = column && firstOfLastRun(column);
    if (first === undefined) continue;
    alert.activeAtMs = Math.min(alert.activeAtMs, grid.startMs + first * stepMs);
  }
}

/** Returns the first step of the samples without a gap that end with the last step; undefined when that has none. */
function firstOfLastRun({ present }: Column): number | undefined {
  let step = present.length;
  while (step > 0 && present[step - 1] !== 0) step--;
  return step === present.length ? undefined : step;
}
