// The keys of fetches, and the time that planning takes.

import t from 'tap';

import { operands, type PlanNode } from '../../../src/promql/plan/index.js';
import { cpuTimeMs } from '../../helpers/cpu-time.js';
import { planOf, twoRegions } from './plan-cases.js';

t.test('equal fetches have equal keys, and different ones have different keys', async (t) => {
  const keysOf = (node: PlanNode): string[] =>
    node.kind === 'fetch' ? [node.fetch.key] : operands(node).flatMap(keysOf);
  const keys = keysOf(planOf('sum(x) + sum(x) + sum(y)', twoRegions));
  t.equal(keys[0], keys[1]);
  t.not(keys[0], keys[2]);
});

t.test('long chains of operators are planned in linear time', async (t) => {
  const operators = ' + 1'.repeat(50_000);
  const [signs, parens] = ['-('.repeat(25_000), ')'.repeat(25_000)];
  for (const first of ['x', 'scalar(x{region="eu"})', 'sum(x)']) {
    for (const text of [first + operators, signs + first + parens]) {
      const tookMs = cpuTimeMs(() => planOf(text, twoRegions));
      t.ok(tookMs < 10_000, `${text.slice(0, 30)}…: ${tookMs} ms`);
    }
  }
});
