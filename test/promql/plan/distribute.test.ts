// The keys of fetches.

import t from 'tap';

import { operands, type PlanNode } from '../../../src/promql/plan/index.js';
import { planOf, twoRegions } from './plan-cases.js';

t.test('equal fetches have equal keys, and different ones have different keys', async (t) => {
  const keysOf = (node: PlanNode): string[] =>
    node.kind === 'fetch' ? [node.fetch.key] : operands(node).flatMap(keysOf);
  const keys = keysOf(planOf('sum(x) + sum(x) + sum(y)', twoRegions));
  t.equal(keys[0], keys[1]);
  t.not(keys[0], keys[2]);
});
