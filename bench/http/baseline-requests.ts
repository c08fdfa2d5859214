// The baseline of a query: the requests to regions that it depends on, to be sent to the regions directly.

import type { ExplainedNode } from '../../src/promql/plan/index.js';
import type { Parameters, Reader } from './read-answer.js';
import type { Region } from './two-regions-testbed.js';

/** A request to one region. */
export interface RegionRequest {
  /** Index of the region. */
  readonly region: number;
  readonly expression: string;
}

/** Returns the fetches of the query's plan, without duplicates. Throws an Error when the plan reads raw samples. */
export async function baselineRequests(
  promfed: Reader,
  parameters: Parameters,
  regions: readonly Region[],
): Promise<readonly RegionRequest[]> {
  const explained = (await promfed.json('/api/v1/explain', parameters)) as { data: { plan: ExplainedNode } };
  const requests = new Map<string, RegionRequest>();
  const pending = [explained.data.plan];
  for (let node = pending.pop(); node !== undefined; node = pending.pop()) {
    if (node.kind === 'selector') throw new Error('no baseline for a plan that reads raw samples');
    for (const { group, expression } of node.kind === 'fetch' ? (node.groups ?? []) : []) {
      const region = regions.findIndex(({ name }) => name === group);
      requests.set(JSON.stringify([region, expression]), { region, expression });
    }
    pending.push(...node.operands);
  }
  return [...requests.values()];
}
