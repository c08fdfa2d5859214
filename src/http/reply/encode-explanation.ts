// An explanation as JSON.

import type { Explanation } from '../../federation/index.js';

/**
 * The explanation in Prometheus' envelope: `data` has `query`, `plan`, `text`, `groups` and, of a query that was run,
 * `analysis`. What is undefined is left out.
 */
export function encodeExplanation(query: string, explanation: Explanation): string {
  return JSON.stringify({ status: 'success', data: { query, ...explanation } });
}
