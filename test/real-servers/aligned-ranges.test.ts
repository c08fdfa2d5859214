// A region that computes ranges at multiples of the step, held against the same Prometheus asked directly.

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

t.test('no value stands at a time that it is not of', { skip }, async (t) => {
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

  for (const { what, shiftS, step } of [
    { what: 'unaligned', shiftS: 17, step: 60 },
    { what: 'unaligned by less than a second', shiftS: 0.25, step: 60 },
    { what: 'aligned', shiftS: 0, step: 60 },
    { what: 'of a step beyond lookback', shiftS: 123, step: 600 },
  ]) {
    const base = Math.ceil(startMs / 1000 / step) * step;
    const range = { start: String(base + shiftS), end: String(endMs / 1000), step: String(step) };
    const before = { ...region.ranges };
    for (const query of QUERIES) {
      const [ours, theirs] = await Promise.all(
        [promfed.url, reference.url].map((url) => api(url, '/api/v1/query_range', { query, ...range })),
      );
      t.same(answerDifferences(ours!, theirs!), [], `${query}, ${what}`);
    }
    t.equal(region.ranges.moved, before.moved, `nothing that the region moves is asked, ${what}`);
    if (shiftS === 0)
      t.ok(region.ranges.received >= before.received + QUERIES.length - 3, 'what can be is computed there');
  }

  const trusting = await startPromfed(t, group('align_query_range_with_step: false'));
  await api(trusting.url, '/api/v1/query_range', {
    query: 'wide_total',
    start: String(startMs / 1000 + 17),
    end: String(endMs / 1000),
    step: '60',
  });
  t.ok(region.ranges.moved > 0, 'the region does move what it is asked');
});
