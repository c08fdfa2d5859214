// The series that alerting rules write: ALERTS and ALERTS_FOR_STATE.

import { Labels, METRIC_NAME } from '../../model/index.js';
import type { OutgoingSample } from '../ports.js';
import type { ActiveAlert } from './active-alert.js';

const ALERTS = 'ALERTS';
export const ALERTS_FOR_STATE = 'ALERTS_FOR_STATE';
export const ALERT_NAME = 'alertname';

/**
 * Returns the samples of a pending or firing alert: its state, and the time since which it is active in seconds.
 *
 * @param ruleLabels the labels of the rule as configured; labels of the alert take precedence.
 *
 * Source: Prometheus, rules/alerting.go (`sample`, `forStateSample`).
 */
export function alertSamples(
  alert: ActiveAlert,
  ruleName: string,
  ruleLabels: Labels,
  timeMs: number,
): readonly OutgoingSample[] {
  const base = ruleLabels.with(alert.labels);
  const labelsOf = (metric: string, more: Readonly<Record<string, string>>): Labels =>
    base.with(Labels.from({ [METRIC_NAME]: metric, [ALERT_NAME]: ruleName, ...more }));
  return [
    { labels: labelsOf(ALERTS, { alertstate: alert.state }), timeMs, value: 1, isStale: false },
    {
      labels: labelsOf(ALERTS_FOR_STATE, {}),
      timeMs,
      value: Math.floor(alert.activeAtMs / 1000),
      isStale: false,
    },
  ];
}
