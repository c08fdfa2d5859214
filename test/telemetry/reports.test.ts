// The metrics of several processes as one.

import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import t from 'tap';

import {
  renderReports,
  totalsOf,
  withoutConfiguration,
  type MetricsReport,
} from '../../src/telemetry/index.js';

/** The report of one process, as another receives it. */
async function reportOf(register: (registers: Registry[]) => void): Promise<MetricsReport> {
  const registry = new Registry();
  register([registry]);
  return structuredClone((await registry.getMetricsAsJSON()) as unknown as MetricsReport);
}

function gauge(name: string, value: number, labels: Record<string, string> = {}): Promise<MetricsReport> {
  return reportOf((registers) => {
    new Gauge({ name, help: 'h', labelNames: Object.keys(labels), registers }).set(labels, value);
  });
}

function counter(value: number, labels: Record<string, string>): Promise<MetricsReport> {
  return reportOf((registers) => {
    const names = Object.keys(labels);
    new Counter({ name: 'requests_total', help: 'h', labelNames: names, registers }).inc(labels, value);
  });
}

function histogram(...observed: number[]): Promise<MetricsReport> {
  return reportOf((registers) => {
    const options = { name: 'took_seconds', help: 'h', labelNames: ['route'], buckets: [0.1, 1], registers };
    const metric = new Histogram(options);
    for (const value of observed) metric.observe({ route: '/' }, value);
  });
}

async function linesOf(reports: readonly MetricsReport[]): Promise<string[]> {
  const { text } = await renderReports(reports);
  return text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
}

t.test('counters are added up, label set by label set, whatever the order of the labels', async (t) => {
  const lines = await linesOf([
    await counter(2, { code: '200', route: '/' }),
    await counter(3, { route: '/', code: '200' }),
    await counter(5, { code: '500', route: '/' }),
  ]);
  t.equal(lines.length, 2, lines.join('\n'));
  t.match(
    lines.find((line) => line.includes('code="200"')),
    / 5$/,
  );
  t.match(
    lines.find((line) => line.includes('code="500"')),
    / 5$/,
  );
});

t.test('histograms are added up bucket by bucket', async (t) => {
  const lines = await linesOf([await histogram(0.05, 0.5), await histogram(0.25, 7)]);
  t.strictSame(
    lines.map((line) => line.split(' ')).map(([name, value]) => [name, Number(value)]),
    [
      ['took_seconds_bucket{le="0.1",route="/"}', 1],
      ['took_seconds_bucket{le="1",route="/"}', 3],
      ['took_seconds_bucket{le="+Inf",route="/"}', 4],
      ['took_seconds_sum{route="/"}', 7.8],
      ['took_seconds_count{route="/"}', 4],
    ],
  );
});

for (const { name, values, expected } of [
  { name: 'process_resident_memory_bytes', values: [3, 4], expected: 7 },
  { name: 'promfed_memory_held_bytes', values: [0, 6], expected: 6 },
  { name: 'process_start_time_seconds', values: [20, 10], expected: 10 },
  { name: 'process_max_fds', values: [1024, 4096], expected: 4096 },
  { name: 'promfed_build_info', values: [1, 1], expected: 1 },
  { name: 'promfed_label_index_age_seconds', values: [5, 60], expected: 60 },
  { name: 'promfed_label_index_used', values: [1, 0], expected: 0 },
]) {
  t.test(`${name} of ${values.join(' and ')} is ${expected}`, async (t) => {
    const reports = await Promise.all(values.map((value) => gauge(name, value)));
    t.strictSame(await linesOf(reports), [`${name} ${expected}`]);
  });
}

t.test('the counters and histograms of a process that exited are kept, added up', async (t) => {
  const first = [
    ...(await counter(2, { route: '/' })),
    ...(await gauge('held', 9)),
    ...(await histogram(0.5)),
  ];
  const second = [...(await counter(5, { route: '/' })), ...(await histogram(0.05))];
  const totals = totalsOf([first, totalsOf([second])]);
  t.strictSame(
    totals.map(({ name }) => name),
    ['requests_total', 'took_seconds'],
  );
  const lines = await linesOf([totals]);
  t.ok(lines.includes('requests_total{route="/"} 7'), lines.join('\n'));
  t.ok(lines.includes('took_seconds_count{route="/"} 2'));
  t.ok(lines.includes('took_seconds_bucket{le="0.1",route="/"} 1'));
});

t.test('the totals of no reports are empty, and adding up does not change reports', async (t) => {
  t.strictSame(totalsOf([]), []);
  const report = await counter(2, { route: '/' });
  const before = structuredClone(report);
  totalsOf([report, report]);
  await renderReports([report, report]);
  t.strictSame(report, before);
});

t.test('a counter does not fall when its process exits', async (t) => {
  const [one, other] = [await counter(2, { route: '/' }), await counter(3, { route: '/' })];
  const alive = await linesOf([one, other]);
  const ended = await linesOf([one, totalsOf([other])]);
  t.strictSame(ended, alive);
});

t.test('metrics that the supervisor reports for all are left out of a worker’s report', async (t) => {
  const report = [
    ...(await gauge('promfed_config_last_reload_success', 1)),
    ...(await gauge('promfed_other', 1)),
  ];
  t.strictSame(
    withoutConfiguration(report).map(({ name }) => name),
    ['promfed_other'],
  );
});
