import t from 'tap';

import { FetchStats } from '../../src/federation/stats/fetch-stats.js';
import { createSampleCounts } from '../../src/federation/stats/sample-counts.js';
import { instantGrid, PromfedError } from '../../src/model/index.js';

t.test('the texts of a group are kept once, and cut: a query may have thousands of fetches', async (t) => {
  const stats = new FetchStats(() => 0, createSampleCounts('counters', instantGrid(0)));
  stats.ended({ warnings: ['slow', 'slow', 'partial'], infos: [], isPartial: false });
  t.same(stats.read().warnings, ['slow', 'partial']);
  const long = Array.from({ length: 16 }, (_, i) => `${i} ${'x'.repeat(4000)}`);
  for (let i = 0; i < 3; i++) stats.ended({ warnings: long, infos: [], isPartial: false });
  const { warnings } = stats.read();
  t.same(warnings.slice(0, 2), ['slow', 'partial']);
  t.ok(warnings.join('').length <= 1100, `${warnings.join('').length} characters`);
  t.equal(warnings.at(-1), '47 more warnings omitted', 'the first text was cut and is not recognized again');
  stats.failed(new PromfedError('upstream', 'x'.repeat(5000)));
  t.equal(stats.read().error?.length, 1001);
});
