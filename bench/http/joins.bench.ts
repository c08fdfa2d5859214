// Joins that the regions compute, and queries with several fetches, compared with direct requests to both regions.

import { createBenchmark } from '../benchmark.js';
import { interleave } from '../measure.js';
import { assertSame, readAnswer, unionOf } from './answer.js';
import { startSlowRegion } from './slow-region.js';
import { type Region, regionLabel, startRegions } from './two-regions-testbed.js';
import { recentTimes } from './times.js';
import { exactParameters, withPromfed, type Case } from './with-promfed.js';

const points = 241;
const perRegion = 2_000;
const runs = 5;
const delayMs = 200;

const benchmark = createBenchmark('joins');
const { t } = benchmark;
await benchmark.run(measureAll);

async function measureAll(): Promise<void> {
  const { range, data } = recentTimes(points);
  const regions = await startRegions(t, { perRegion, ...data });
  const path = '/api/v1/query_range';
  await measure(regions, {
    name: `join of ${2 * perRegion} series × ${points} points`,
    path,
    parameters: { query: 'wide_total - (wide_total offset 5m)', ...range },
    check: (answer, direct) => {
      assertSame(readAnswer(answer), unionOf(direct, regions, regionLabel));
    },
    ratio: 1.3,
  });
  const slow = await Promise.all(regions.map((region) => startSlowRegion(t, region, delayMs)));
  const sums = [1, 2, 3, 4].map((minutes) => `sum(small_total offset ${minutes}m)`);
  await measure(slow, {
    name: `a + b + c + d, computed in promfed, with regions that take ${delayMs} ms`,
    path,
    parameters: { query: sums.join(' + '), ...range },
    check: (answer) => {
      if (readAnswer(answer).size !== 1) throw new Error('expected one series');
    },
    ratio: 1.2,
    wallMs: 260,
  });
}

async function measure(
  regions: readonly Region[],
  one: Case & { readonly ratio: number; readonly wallMs?: number },
): Promise<void> {
  await withPromfed(t, regions, one, async (promfed, direct) => {
    const { baselineMs, promfedMs } = await interleave(
      runs,
      () => Promise.all(direct.map((reader) => reader.drain(one.path, exactParameters(one)))),
      () => promfed.drain(one.path, one.parameters),
    );
    const add = benchmark.figuresOf(one.name);
    add('direct', baselineMs, 'ms');
    add('promfed', promfedMs, 'ms', one.wallMs);
    add('promfed / direct', promfedMs / baselineMs, '×', one.ratio);
  });
}
