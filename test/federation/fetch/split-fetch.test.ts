// Fetches with more steps than a region answers at once.

import t from 'tap';

import { federationOf } from '../../helpers/federation.js';
import { fakeGroup, request, type Answer } from '../fake-group.js';

t.test('a subquery with more steps than a region answers at once is fetched in pieces', async (t) => {
  const startsMs: number[] = [];
  /** A region with one series that is 1 at every requested step. It rejects too many steps. */
  const ones: Answer = async function* ({ kind, grid }) {
    t.equal(kind, 'range');
    t.ok(grid.count <= 11_000);
    startsMs.push(grid.startMs);
    const points = Array.from(
      { length: grid.count },
      (_, step) => `[${(grid.startMs + step * grid.stepMs) / 1000},"1"]`,
    );
    yield Buffer.from(
      `{"status":"success","data":{"resultType":"matrix","result":[{"metric":{},"values":[${points.join(',')}]}]}}`,
    );
  };
  const groups = [fakeGroup('eu', { region: 'eu' }, ones), fakeGroup('us', { region: 'us' }, ones)];
  const sumOf = async (maxSamples: number): Promise<unknown> => {
    const federation = federationOf(groups, { maxSamples });
    const answer = await federation.query(request('sum_over_time(sum(x)[25000s:1s])'));
    answer.release();
    return answer.kind === 'value' && answer.value.type === 'vector' && answer.value.columns[0]!.values[0];
  };
  t.equal(await sumOf(1_000_000), 50_000);
  t.same(
    [...new Set(startsMs)].sort((a, b) => a - b),
    [-24_000 + 1, -13_000 + 1, -2_000 + 1].map((s) => s * 1000),
  );
  await t.rejects(sumOf(60_000), { code: 'limit' });
});
