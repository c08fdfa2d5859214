// Rules with more results than a group keeps.

import t from 'tap';

import { ChainBench } from '../../helpers/rules/chained-group.js';
import { recording } from '../../helpers/rules/rule-groups.js';

t.test('a metric with too many series is read from the regions, which is logged', async (t) => {
  const bench = new ChainBench();
  for (let i = 0; i < 50_001; i++) bench.append('eu', { __name__: 'many', i: String(i) }, 0, 1);
  bench.append('results', { __name__: 'b' }, 0, 8);
  const group = bench.group([
    recording('a', 'many'),
    // It runs after a, because it reads its results.
    recording('b', 'many and on (i) a'),
    recording('kept', 'sum(a)'),
    recording('dropped', 'sum(b)'),
  ]);
  await group.evaluate(0, 0);
  t.match(bench.newest(), { kept: 50_001, dropped: 8 });
  t.strictSame(bench.logged, [
    'too many recorded series to keep; rules of the group read them from the regions',
  ]);
});
