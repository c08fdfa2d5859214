// Changes the labels of alerts.

import type { Labels } from '../../model/index.js';
import type { OutgoingAlert } from '../ports.js';

/**
 * Returns alerts with changed labels. The given alerts, which other Alertmanagers receive too, are not modified.
 *
 * @param relabel returns undefined to drop the alert.
 */
export function relabelAlerts(
  alerts: readonly OutgoingAlert[],
  relabel: (labels: Labels) => Labels | undefined,
): readonly OutgoingAlert[] {
  return alerts.flatMap((alert) => {
    const labels = relabel(alert.labels);
    if (labels === undefined) return [];
    return [labels === alert.labels ? alert : { ...alert, labels }];
  });
}
