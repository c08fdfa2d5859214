// Joins that the regions compute, and many selectors at once, against the floor: the same of both regions directly.

import { createBenchmark } from '../benchmark.js';
import { interleave } from '../measure.js';
import { assertSame, readAnswer, unionOf } from './answer.js';
import { startSlowRegion } from './slow-region.js';
import { type Region, regionLabel, startRegions } from './two-regions-testbed.js';
import { regional, withPromfed, type Case } from './with-promfed.js';

const stepMs = 15_000;
const points = 241;
const perRegion = 2_000;
const runs = 5;
const delayMs = 200;

const benchmark = createBenchmark('joins');
const { t, figures } = benchmark;
await benchmark.run(measureAll);

async function measureAll(): Promise<void> {
  const endMs = Math.floor(Date.now() / 60_000) * 60_000 - 10 * 60_000;
  const startMs = endMs - (points - 1) * stepMs;
  const data = { perRegion, startMs: startMs - 10 * 60_000, endMs, intervalMs: stepMs };
  const regions = await startRegions(t, data);
  const range = { start: String(startMs / 1000), end: String(endMs / 1000), step: String(stepMs / 1000) };
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
    name: `a + b + c + d, computed here, of regions that take ${delayMs} ms`,
    path,
    parameters: { query: sums.join(' + '), ...range },
    check: (answer) => {
      if (readAnswer(answer).size !== 1) throw new Error('one series is right');
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
    const { floorMs, subjectMs } = await interleave(
      runs,
      () => Promise.all(direct.map((reader) => reader.drain(one.path, regional(one)))),
      () => promfed.drain(one.path, one.parameters),
    );
    const add = (what: string, value: number, unit: string, atMost?: number): void => {
      figures.push({ case: one.name, what, value, unit, ...(atMost === undefined ? {} : { atMost }) });
    };
    add('the floor', floorMs, 'ms');
    add('promfed', subjectMs, 'ms', one.wallMs);
    add('promfed / the floor', subjectMs / floorMs, '×', one.ratio);
  });
}
