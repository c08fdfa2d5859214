// Alerts in the JSON of Alertmanager's API v2.

import type { OutgoingAlert } from '../ports.js';

/**
 * Returns the body of `POST /api/v2/alerts`.
 *
 * Source: Alertmanager, api/v2/openapi.yaml (`postableAlerts`).
 */
export function alertsJson(alerts: readonly OutgoingAlert[]): string {
  return JSON.stringify(alerts.map(alertObject));
}

function alertObject({ labels, annotations, startsAtMs, endsAtMs, generatorUrl }: OutgoingAlert): object {
  return {
    labels: labels.toJSON(),
    annotations: Object.fromEntries(annotations),
    startsAt: new Date(startsAtMs).toISOString(),
    endsAt: new Date(endsAtMs).toISOString(),
    // An empty URL does not have the format that Alertmanager requires.
    ...(generatorUrl === '' ? {} : { generatorURL: generatorUrl }),
  };
}
