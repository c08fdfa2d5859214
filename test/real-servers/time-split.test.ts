// Prometheus regions with the older and the newer samples of the same series. The reference is one Prometheus with all
// samples.

import t from 'tap';

import type { Explanation } from '../../src/federation/index.js';
import { api, startPromfed } from '../helpers/promfed/promfed.js';
import {
  importIntoPrometheus,
  startPrometheus,
  withoutRealServers,
} from '../helpers/real-servers/real-servers.js';
import { seriesSet, type TestSeries } from '../helpers/series/series-set.js';
import { annotationsOf, answerDifferences } from '../helpers/union/answers.js';

const skip = withoutRealServers();
const endMs = Math.floor(Date.now() / 60_000) * 60_000 - 10 * 60_000;
const startMs = endMs - 2 * 3_600_000;
/** The boundary between the regions. No sample has this time. */
const boundaryMs = startMs + 3_600_000 + 7_000;
const minutes = (count: number): number => count * 60_000;

const all = seriesSet({ region: 'eu', startMs, endMs, namespaces: 2, pods: 2, churn: true });

function only(keep: (timeMs: number) => boolean): TestSeries[] {
  return all.flatMap(({ labels, timestamps, values }) => {
    const kept = timestamps.flatMap((timeMs, i) => (keep(timeMs) ? [i] : []));
    if (kept.length === 0) return [];
    return [{ labels, timestamps: kept.map((i) => timestamps[i]!), values: kept.map((i) => values[i]!) }];
  });
}

/** Returns the same series with wrong values at some times. */
function corrupted(series: readonly TestSeries[], isWrong: (timeMs: number) => boolean): TestSeries[] {
  return series.map((original) => ({
    ...original,
    values: original.values.map((value, i) => (isWrong(original.timestamps[i]!) ? 12345 : value)),
  }));
}

const iso = (timeMs: number): string => new Date(timeMs).toISOString();

/** A server group: its data and its time range in the configuration. */
interface Part {
  readonly name: string;
  readonly series: readonly TestSeries[];
  readonly range: string;
}

interface Split {
  readonly name: string;
  readonly parts: readonly Part[];
  /** The data of the reference. */
  readonly union: readonly TestSeries[];
}

const old = (endMs: number, series: readonly TestSeries[], truncate = false): Part => ({
  name: 'old',
  series,
  range: `absolute_time_range: { end: ${iso(endMs)}, truncate: ${truncate} }`,
});
const recent = (startMs: number, series: readonly TestSeries[], truncate = false): Part => ({
  name: 'recent',
  series,
  range: `absolute_time_range: { start: ${iso(startMs)}, truncate: ${truncate} }`,
});

const splits: readonly Split[] = [
  {
    name: 'two overlapping regions',
    parts: [
      old(
        boundaryMs + minutes(10),
        only((timeMs) => timeMs <= boundaryMs + minutes(10)),
      ),
      {
        name: 'recent',
        series: only((timeMs) => timeMs >= boundaryMs - minutes(10)),
        range: `relative_time_range: { start: -${Math.ceil((Date.now() - boundaryMs + minutes(5)) / 60_000)}m }`,
      },
    ],
    union: all,
  },
  {
    name: 'two regions with a gap between them',
    parts: [
      old(
        boundaryMs,
        only((timeMs) => timeMs <= boundaryMs - minutes(3)),
      ),
      recent(
        boundaryMs,
        only((timeMs) => timeMs >= boundaryMs + minutes(3)),
      ),
    ],
    union: only((timeMs) => Math.abs(timeMs - boundaryMs) >= minutes(3)),
  },
  {
    name: 'two regions whose time ranges have a gap',
    parts: [
      old(
        boundaryMs - minutes(9),
        only((timeMs) => timeMs <= boundaryMs - minutes(9)),
      ),
      recent(
        boundaryMs + minutes(9),
        only((timeMs) => timeMs >= boundaryMs + minutes(9)),
      ),
    ],
    union: only((timeMs) => Math.abs(timeMs - boundaryMs) >= minutes(9)),
  },
  {
    name: 'two regions that are truncated at the boundary',
    parts: [
      old(
        boundaryMs,
        corrupted(all, (timeMs) => timeMs > boundaryMs),
        true,
      ),
      recent(
        boundaryMs,
        corrupted(all, (timeMs) => timeMs < boundaryMs),
        true,
      ),
    ],
    union: all,
  },
  {
    name: 'two overlapping regions that are truncated',
    parts: [
      old(
        boundaryMs + minutes(14),
        corrupted(all, (timeMs) => timeMs > boundaryMs + minutes(14)),
        true,
      ),
      recent(
        boundaryMs - minutes(14),
        corrupted(all, (timeMs) => timeMs < boundaryMs - minutes(14)),
        true,
      ),
    ],
    union: all,
  },
  {
    name: 'three consecutive regions',
    parts: [
      old(
        boundaryMs - minutes(20),
        only((timeMs) => timeMs <= boundaryMs - minutes(20)),
      ),
      {
        name: 'middle',
        series: corrupted(all, (timeMs) => Math.abs(timeMs - boundaryMs) > minutes(20)),
        range:
          `absolute_time_range: { start: ${iso(boundaryMs - minutes(20))}, ` +
          `end: ${iso(boundaryMs + minutes(20))}, truncate: true }`,
      },
      recent(
        boundaryMs + minutes(20),
        only((timeMs) => timeMs >= boundaryMs + minutes(20)),
      ),
    ],
    union: all,
  },
];

const expressions = [
  'queue_depth',
  'queue_depth > 3',
  'sum(memory_usage_bytes)',
  'rate(http_requests_total[5m])',
  'sum by (namespace) (increase(http_requests_total[20m]))',
  'count_over_time(queue_depth[25m])',
  'count_over_time(queue_depth[25m] offset 50m)',
  'queue_depth offset 61m',
  'rate(http_requests_total[5m] offset -30m)',
  `sum(rate(http_requests_total[25m] @ ${(boundaryMs + minutes(4)) / 1000}))`,
  `queue_depth @ ${(boundaryMs - minutes(20)) / 1000}`,
  'queue_depth @ start() + queue_depth @ end()',
  'max_over_time(rate(http_requests_total[5m])[30m:1m])',
  'max_over_time(sum(rate(http_requests_total[5m]))[40m:2m] offset 10m)',
  'avg_over_time(queue_depth[10m:30s])',
  'queue_depth / queue_depth offset 70m',
  'quantile(0.9, memory_usage_bytes)',
  'histogram_quantile(0.9, sum by (le) (rate(request_duration_seconds_bucket[10m])))',
  'absent(queue_depth)',
  'absent_over_time(gone[10m])',
  'topk(2, memory_usage_bytes)',
  'count_values("depth", queue_depth)',
  'predict_linear(memory_usage_bytes[15m], 600)',
  'changes(queue_depth[1h])',
  'label_replace(queue_depth, "x", "$1", "pod", "pod-(.*)")',
  'sum_over_time(absent(queue_depth)[15m:15s]) or vector(0)',
  'rate({__name__=~"http_requests_total|queue_depth"}[5m])',
  'sum(queue_depth offset 20m) + sum(rate(http_requests_total[30m]))',
  'sum by (pod, namespace) (queue_depth) * on (pod) group_left () sum by (pod) (memory_usage_bytes)',
  'queue_depth and on (pod) (memory_usage_bytes offset 30m > 0)',
  'avg(queue_depth @ start()) - avg(queue_depth @ end()) + max(queue_depth)',
  'scalar(sum(queue_depth)) + time()',
  'topk(scalar(count(queue_depth) or vector(3)) - 1, queue_depth)',
  'max_over_time(max_over_time(queue_depth[7m:1m])[12m:3m])',
];

function configOf(parts: readonly Part[], urls: readonly string[]): string {
  const groups = parts.map(
    ({ name, range }, i) => `
    - name: ${name}
      static_configs: [{ targets: ["${new URL(urls[i]!).host}"] }]
      ${range}`,
  );
  return `promxy:\n  server_groups:${groups.join('')}\n`;
}

/** Ranges across the boundary, around it, on either side of it, and with a step larger than the lookback. */
const ranges = [
  { start: startMs, end: endMs, step: 60 },
  { start: boundaryMs - minutes(12), end: boundaryMs + minutes(12), step: 17 },
  { start: startMs + minutes(3), end: endMs, step: 700 },
  { start: startMs, end: boundaryMs - minutes(12), step: 120 },
  { start: boundaryMs + minutes(30), end: endMs, step: 120 },
];

const instants = [-30, -12, -4, -1, 0, 1, 2, 4, 6, 11, 30].map((offset) => boundaryMs + minutes(offset));

for (const { name, parts, union } of splits) {
  t.test(`${name} have the results of one Prometheus`, { skip }, async (t) => {
    const data = [union, ...parts.map(({ series }) => series)];
    const [reference, ...urls] = await Promise.all(
      data.map(async (series) => {
        const { url } = await startPrometheus(t);
        await importIntoPrometheus(url, series);
        return url;
      }),
    );
    const promfed = await startPromfed(t, configOf(parts, urls));
    const compare = async (
      path: string,
      parameters: Record<string, string>,
      title: string,
    ): Promise<number> => {
      const [actual, expected] = await Promise.all([
        api(promfed.url, path, parameters),
        api(reference!, path, parameters),
      ]);
      t.same([actual.error, actual.warnings], [expected.error, expected.warnings], title);
      t.same(answerDifferences(actual, expected), [], title);
      return expected.data?.result.length ?? 0;
    };
    for (const query of expressions) {
      let series = 0;
      for (const { start, end, step } of ranges) {
        const times = { start: String(start / 1000), end: String(end / 1000), step: String(step) };
        series += await compare('/api/v1/query_range', { query, ...times }, `${query} by ${step}s`);
      }
      for (const timeMs of instants) {
        const title = `${query} at ${(timeMs - boundaryMs) / 60_000} minutes`;
        series += await compare('/api/v1/query', { query, time: String(timeMs / 1000) }, title);
      }
      t.ok(series > 0 || query === 'absent(queue_depth)', `${query}: has samples`);
    }

    const times = { start: String(startMs / 1000), end: String(endMs / 1000), step: '60' };
    const [actual, expected] = await Promise.all(
      [promfed.url, reference!].map((url) =>
        api(url, '/api/v1/query_range', { query: 'sum(rate(queue_depth[5m]))', ...times }),
      ),
    );
    t.equal(expected!.infos?.length, 1);
    t.same(annotationsOf(actual!), annotationsOf(expected!), 'annotations are equal, except for positions');

    for (const path of ['/api/v1/series', '/api/v1/labels', '/api/v1/label/pod/values']) {
      // Prometheus answers these for whole blocks, so only ranges across the boundary have equal results.
      for (const { start, end } of ranges.slice(0, 3)) {
        const parameters = {
          'match[]': ['queue_depth', 'http_requests_total{code="500"}'],
          start: String(start / 1000),
          end: String(end / 1000),
        };
        const [actual, expected] = await Promise.all([
          api<unknown[]>(promfed.url, path, parameters),
          api<unknown[]>(reference!, path, parameters),
        ]);
        const sorted = (data: readonly unknown[] = []): string[] =>
          data.map((item) => JSON.stringify(item)).sort();
        t.same(sorted(actual.data), sorted(expected.data), `${path} from ${start} to ${end}`);
      }
    }
  });
}

t.test('a group is queried only if the window of a selector overlaps its time range', { skip }, async (t) => {
  const recent = await startPrometheus(t);
  await importIntoPrometheus(
    recent.url,
    only((timeMs) => timeMs >= boundaryMs),
  );
  // The old region does not exist, so queries sent to it fail.
  const promfed = await startPromfed(
    t,
    `promxy:
  server_groups:
    - name: old
      static_configs: [{ targets: ["127.0.0.1:1"] }]
      absolute_time_range: { end: ${iso(boundaryMs)} }
    - name: recent
      static_configs: [{ targets: ["${new URL(recent.url).host}"] }]
      absolute_time_range: { start: ${iso(boundaryMs)} }
`,
  );
  const at = (offset: number): string => String((boundaryMs + minutes(offset)) / 1000);
  const queryAt = (query: string, offset: number): Promise<{ status: string; error?: string }> =>
    api(promfed.url, '/api/v1/query', { query, time: at(offset) });
  t.equal((await queryAt('sum(rate(queue_depth[5m]))', 6)).status, 'success');
  t.match(await queryAt('sum(rate(queue_depth[5m]))', 4), { status: 'error', error: /"old"/ });
  t.equal(
    (await queryAt(`queue_depth @ ${at(20)}`, -20)).status,
    'success',
    '@ replaces the time of the request',
  );
  t.match(await queryAt('queue_depth offset 20m', 6), { status: 'error', error: /"old"/ });
  t.equal((await queryAt('max_over_time(rate(queue_depth[5m])[20m:1m])', 26)).status, 'success');
  t.match(await queryAt('max_over_time(rate(queue_depth[5m])[22m:1m])', 26), {
    status: 'error',
    error: /"old"/,
  });
  const labels = (start: number, end: number): Promise<{ status: string }> =>
    api(promfed.url, '/api/v1/labels', { start: at(start), end: at(end) });
  t.equal((await labels(1, 20)).status, 'success');
  t.equal((await labels(-1, 20)).status, 'error');
});

t.test('raw samples are read only around the boundary', { skip }, async (t) => {
  const parts = [
    old(
      boundaryMs,
      corrupted(all, (timeMs) => timeMs > boundaryMs),
      true,
    ),
    recent(
      boundaryMs,
      corrupted(all, (timeMs) => timeMs < boundaryMs),
      true,
    ),
  ];
  const urls = await Promise.all(
    parts.map(async ({ series }) => {
      const { url } = await startPrometheus(t);
      await importIntoPrometheus(url, series);
      return url;
    }),
  );
  const promfed = await startPromfed(t, configOf(parts, urls));
  const { data } = await api<Explanation>(promfed.url, '/api/v1/explain', {
    query: 'rate(http_requests_total[5m])',
    start: String(startMs / 1000),
    end: String(endMs / 1000),
    step: '15',
    analyze: 'true',
  });
  const [before, around, after] = data!.plan.operands.map(({ operands }) => operands[0]!);
  const counters = all.filter(({ labels }) => labels['__name__'] === 'http_requests_total');
  const raw = around!.operands[0]!.operands[0]!;
  t.match([before?.kind, around?.operator, raw.kind, after?.kind], ['fetch', 'rate()', 'selector', 'fetch']);
  t.match(
    [before, raw, after].map((node) => node?.groups?.map(({ group }) => group)),
    [['old'], ['old', 'recent'], ['recent']],
  );
  for (const [i, isNear] of [
    (timeMs: number) => timeMs <= boundaryMs && timeMs > boundaryMs - minutes(5),
    (timeMs: number) => timeMs > boundaryMs && timeMs < boundaryMs + minutes(5),
  ].entries()) {
    const { group, analysis } = raw.groups![i]!;
    const near = counters.reduce((sum, { timestamps }) => sum + timestamps.filter(isNear).length, 0);
    t.equal(analysis?.requests, 1, `${group} is queried once for raw samples`);
    t.ok(near > 0 && analysis!.samples <= near, `${group} sends ${analysis!.samples} of ${near} samples`);
  }
  for (const node of [before, after]) t.equal(node!.groups![0]!.analysis?.requests, 1);
});
