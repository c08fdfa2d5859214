// The forty queries of a dashboard.

import type { Parameters } from './read-answer.js';
import { regionLabel } from './two-regions-testbed.js';

export interface Panel {
  readonly path: string;
  readonly parameters: Parameters;
}

/** Returns ten panels of a namespace, as dashboards of services have them. */
export function panelsOf(namespace: string, range: Parameters): Panel[] {
  const where = `namespace="${namespace}"`;
  const ranges = [
    `sum by (pod) (rate(http_requests_total{${where}}[5m]))`,
    `sum(rate(http_requests_total{${where},code="500"}[5m])) / sum(rate(http_requests_total{${where}}[5m]))`,
    `topk(5, sum by (pod) (memory_usage_bytes{${where}}))`,
    `histogram_quantile(0.9, sum by (le) (rate(request_duration_seconds_bucket{${where}}[5m])))`,
    `memory_usage_bytes{${where}}`,
    `max by (${regionLabel}) (memory_usage_bytes{${where}})`,
    `avg(queue_depth{${where}})`,
    `count(queue_depth{${where}} > 0)`,
  ];
  const instants = [`sum by (pod) (memory_usage_bytes{${where}})`, `queue_depth{${where}}`];
  return [
    ...ranges.map((query) => ({ path: '/api/v1/query_range', parameters: { query, ...range } })),
    ...instants.map((query) => ({ path: '/api/v1/query', parameters: { query, time: range['end']! } })),
  ];
}

/** Runs `query` for every panel, with one panel at a time for each of the clients. */
export async function runPanels(
  panels: readonly Panel[],
  clients: number,
  query: (panel: Panel) => Promise<unknown>,
): Promise<void> {
  const remaining = panels[Symbol.iterator]();
  await Promise.all(
    Array.from({ length: clients }, async () => {
      for (const panel of remaining) await query(panel);
    }),
  );
}
