// The floor of a query that is computed here: what promfed has to ask of its regions, asked of them directly.

import type { ExplainedNode } from '../../src/promql/plan/index.js';
import type { Parameters, Reader } from './read-answer.js';
import type { Region } from './two-regions-testbed.js';

/** One request that a query cannot do without. */
export interface Asked {
  readonly region: number;
  readonly expression: string;
}

/** What the plan of the query fetches, each fetch once. */
export async function askedOfRegions(
  promfed: Reader,
  parameters: Parameters,
  regions: readonly Region[],
): Promise<readonly Asked[]> {
  const explained = (await promfed.json('/api/v1/explain', parameters)) as { data: { plan: ExplainedNode } };
  const asked = new Map<string, Asked>();
  const pending = [explained.data.plan];
  for (let node = pending.pop(); node !== undefined; node = pending.pop()) {
    if (node.kind === 'selector') throw new Error('a floor of raw samples is not known');
    for (const { group, expression } of node.kind === 'fetch' ? (node.groups ?? []) : []) {
      const region = regions.findIndex(({ name }) => name === group);
      asked.set(JSON.stringify([region, expression]), { region, expression });
    }
    pending.push(...node.operands);
  }
  return [...asked.values()];
}
