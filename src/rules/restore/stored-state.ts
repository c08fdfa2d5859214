// The state of alerts before a restart, read from their ALERTS_FOR_STATE series.

import type { Labels } from '../../model/index.js';
import {
  gridEndMs,
  METRIC_NAME,
  printMatchers,
  PromfedError,
  rangeGrid,
  type Matcher,
} from '../../model/index.js';
import type { AlertingRule } from '../alert/alerting-rule.js';
import { ALERT_NAME, ALERTS_FOR_STATE } from '../alert/alert-samples.js';
import { readRange, type RangeReader } from './read-range.js';

/** The last sample of one alert. */
export interface StoredState {
  /** Labels of the series, without the metric name. */
  readonly labels: Labels;
  /** Time since which the alert was active. */
  readonly activeAtMs: number;
  /** Time of the last sample. */
  readonly writtenAtMs: number;
}

export interface StoredStateOptions extends RangeReader {
  readonly nowMs: number;
  /** Age limit of the last sample: `--rules.alert.for-outage-tolerance`. */
  readonly outageToleranceMs: number;
  /** Interval at which the samples were written. */
  readonly intervalMs: number;
  /** Names of labels that reading the series may change: those of server groups. */
  readonly groupLabelNames: ReadonlySet<string>;
}

/** Samples are visible for this time unless a stale marker follows. Sent with the queries. */
const LOOKBACK_MS = 5 * 60_000;
const MAX_STEPS = 1_000;

/**
 * Returns the last state of each alert of a rule that a stale marker does not follow. An instant query would not tell a
 * resolved alert from one whose rule stopped being evaluated, so a range is read: with the times of the samples, a series
 * that ends before its lookback has ended by a stale marker.
 *
 * @throws PromfedError when the query fails, or when nothing is found and a server group did not answer.
 */
export async function readStoredState(
  rule: AlertingRule,
  options: StoredStateOptions,
): Promise<StoredState[]> {
  const { nowMs, outageToleranceMs, intervalMs } = options;
  const stepMs = Math.max(1_000, Math.ceil(intervalMs), Math.ceil(outageToleranceMs / MAX_STEPS));
  const grid = rangeGrid(nowMs - Math.floor(outageToleranceMs / stepMs) * stepMs, nowMs, stepMs);
  const selector = printMatchers(matchersOf(rule, options.groupLabelNames));
  const [active, times] = await Promise.all([
    readRange(selector, grid, LOOKBACK_MS, options),
    readRange(`timestamp(${selector})`, grid, LOOKBACK_MS, options),
  ]);
  const missing = [...active.missing, ...times.missing];
  if (missing.length > 0 && active.columns.length === 0) {
    throw new PromfedError('upstream', `server group "${missing[0]!.name}" did not answer`);
  }
  const timesByKey = new Map(times.columns.map((column) => [withoutName(column.labels).key, column]));
  const states: StoredState[] = [];
  for (const column of active.columns) {
    const labels = withoutName(column.labels);
    const time = timesByKey.get(labels.key);
    const step = column.present.lastIndexOf(1);
    if (time === undefined || step < 0 || time.present[step] !== 1) continue;
    const writtenAtMs = time.values[step]! * 1000;
    const nextStepMs = grid.startMs + (step + 1) * grid.stepMs;
    const endedByMarker = nextStepMs <= gridEndMs(grid) && nextStepMs - writtenAtMs < LOOKBACK_MS;
    if (!endedByMarker) states.push({ labels, activeAtMs: column.values[step]! * 1000, writtenAtMs });
  }
  return states;
}

/** The labels that all alerts of the rule have. Templates differ for each alert. */
function matchersOf(rule: AlertingRule, groupLabelNames: ReadonlySet<string>): Matcher[] {
  const fixed = [...rule.labels].filter(
    ([name, value]) => !value.includes('{{') && !groupLabelNames.has(name) && name !== ALERT_NAME,
  );
  const equal = (name: string, value: string): Matcher => ({ name, op: '=', value });
  return [
    ...fixed.map(([name, value]) => equal(name, value)),
    equal(ALERT_NAME, rule.name),
    equal(METRIC_NAME, ALERTS_FOR_STATE),
  ];
}

const NAME_ONLY: ReadonlySet<string> = new Set([METRIC_NAME]);

function withoutName(labels: Labels): Labels {
  return labels.drop(NAME_ONLY);
}
