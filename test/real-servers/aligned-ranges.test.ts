// A region that aligns range queries with the step. The reference is the same Prometheus without alignment.

import t from 'tap';

import { startAligningProxy } from '../helpers/real-servers/aligning-proxy.js';
import { api, startPromfed } from '../helpers/promfed/promfed.js';
import {
  importIntoPrometheus,
  startPrometheus,
  withoutRealServers,
} from '../helpers/real-servers/real-servers.js';
import { wideCounters } from '../helpers/series/series-set.js';
import { answerDifferences } from '../helpers/union/answers.js';

const skip = withoutRealServers();
const endMs = Math.floor(Date.now() / 60_000) * 60_000 - 60_000;
const startMs = endMs - 3_600_000;

const QUERIES = [
  'wide_total',
  'rate(wide_total[5m])',
  'sum by (namespace) (rate(wide_total[5m]))',
  'topk(2, wide_total)',
  'wide_total / on (pod) group_left sum by (pod) (wide_total)',
  'max_over_time(wide_total[10m:1m])',
  'max_over_time(sum(wide_total)[10m:45s])',
  'wide_total offset 7m',
  'wide_total @ end()',
  'absent(gone)',
  'quantile(0.9, wide_total)',
];

t.test('values have the times at which they were evaluated', { skip }, async (t) => {
  const reference = await startPrometheus(t);
  const times = { startMs: startMs - 900_000, endMs, intervalMs: 15_000, decimals: 2 };
  await importIntoPrometheus(
    reference.url,
    wideCounters({ ...times, name: 'wide_total', region: 'eu', count: 12 }),
  );
  const region = await startAligningProxy(t, reference.url);
  const group = (keys: string): string =>
    `promxy:\n  server_groups:\n    - static_configs: [{ targets: ["${new URL(region.url).host}"] }]\n      ${keys}\n`;
  const promfed = await startPromfed(t, group('align_query_range_with_step: true'));

  for (const { name, shiftS, step } of [
    { name: 'unaligned', shiftS: 17, step: 60 },
    { name: 'unaligned by less than a second', shiftS: 0.25, step: 60 },
    { name: 'aligned', shiftS: 0, step: 60 },
    { name: 'unaligned with a step larger than the lookback', shiftS: 123, step: 600 },
  ]) {
    const base = Math.ceil(startMs / 1000 / step) * step;
    const range = { start: String(base + shiftS), end: String(endMs / 1000), step: String(step) };
    const before = { ...region.ranges };
    for (const query of QUERIES) {
      const [actual, expected] = await Promise.all(
        [promfed.url, reference.url].map((url) => api(url, '/api/v1/query_range', { query, ...range })),
      );
      t.same(answerDifferences(actual!, expected!), [], `${query}, ${name}`);
    }
    t.equal(region.ranges.moved, before.moved, `no query is aligned by the region, ${name}`);
    if (shiftS === 0)
      t.ok(region.ranges.received >= before.received + QUERIES.length - 3, 'aligned queries are pushed down');
  }

  const trusting = await startPromfed(t, group('align_query_range_with_step: false'));
  await api(trusting.url, '/api/v1/query_range', {
    query: 'wide_total',
    start: String(startMs / 1000 + 17),
    end: String(endMs / 1000),
    step: '60',
  });
  t.ok(region.ranges.moved > 0, 'the region aligns unaligned queries');
});
