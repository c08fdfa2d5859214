// Remote write into a real Prometheus and a real VictoriaMetrics: what was written comes back by queries.

import t, { type Test } from 'tap';

import {
  createHistogram,
  CUSTOM_BUCKETS,
  formatFloat,
  Labels,
  type Histogram,
} from '../../src/model/index.js';
import { createTimers, systemClock } from '../../src/runtime/index.js';
import type { OutgoingSample } from '../../src/rules/ports.js';
import { createRemoteWriter, type RemoteWriter } from '../../src/rules/remote-write/index.js';
import {
  startPrometheus,
  startVictoriaMetrics,
  withoutRealServers,
} from '../helpers/real-servers/real-servers.js';
import { RecordingMetrics } from '../helpers/remote-write/recording-metrics.js';
import { remoteWriteSettings, type RemoteWriteOverrides } from '../helpers/remote-write/settings.js';
import { recordingLog, sample, type LoggedMessage } from '../helpers/remote-write/writer.js';
import { until } from '../helpers/until.js';

const FLUSH_MS = 60_000;

/** Ten minutes ago, so that no sample is in the future. */
const START_MS = Math.floor(Date.now() / 1000) * 1000 - 600_000;

interface Setup {
  readonly writer: RemoteWriter;
  readonly metrics: RecordingMetrics;
  readonly messages: readonly LoggedMessage[];
}

function setUp(t: Test, url: string, { queue, ...overrides }: RemoteWriteOverrides = {}): Setup {
  const metrics = new RecordingMetrics();
  const { log, messages } = recordingLog();
  const settings = remoteWriteSettings({
    url: `${url}/api/v1/write`,
    queue: { batchSendDeadlineMs: 20, minBackoffMs: 5, maxBackoffMs: 50, ...queue },
    ...overrides,
  });
  const writer = createRemoteWriter([settings], {
    externalLabels: Labels.from({ source: 'promfed' }),
    version: '1.2.3',
    background: { timers: createTimers(systemClock), log },
    metrics,
  });
  t.teardown(() => writer.close());
  return { writer, metrics, messages };
}

interface QueryResult {
  readonly metric: Readonly<Record<string, string>>;
  readonly value?: readonly [number, string];
  readonly values?: readonly (readonly [number, string])[];
  readonly histogram?: readonly [number, object];
}

async function query(url: string, expression: string, timeMs: number): Promise<readonly QueryResult[]> {
  const parameters = new URLSearchParams({
    query: expression,
    time: String(timeMs / 1000),
    // VictoriaMetrics: no shift of the newest points. Prometheus ignores both.
    nocache: '1',
    latency_offset: '1ms',
  });
  const response = await fetch(`${url}/api/v1/query?${parameters.toString()}`);
  const text = await response.text();
  if (!response.ok) throw new Error(`query: ${response.status} ${text}`);
  return (JSON.parse(text) as { data: { result: readonly QueryResult[] } }).data.result;
}

const EXPONENTIAL = createHistogram({
  schema: 2,
  zeroThreshold: 0.001,
  zeroCount: 1.5,
  count: 9.25,
  sum: 12.5,
  positive: { indices: [-2, -1, 3], counts: [1, 2.5, 3.25] },
  negative: { indices: [0], counts: [1] },
});

const INTEGERS = createHistogram({
  schema: 0,
  zeroThreshold: 0.5,
  count: 7,
  sum: 30,
  positive: { indices: [0, 1, 4], counts: [3, 2, 2] },
});

const CUSTOM = createHistogram({
  schema: CUSTOM_BUCKETS,
  count: 6,
  sum: 20,
  positive: { indices: [0, 2, 3], counts: [1, 3, 2] },
  customValues: [0.5, 1, 2.5],
});

function histogram(metric: string, timeMs: number, value: Histogram): OutgoingSample {
  return { labels: Labels.from({ __name__: metric }), timeMs, value, isStale: false };
}

const skip = withoutRealServers();
const NATIVE_HISTOGRAMS = { args: ['--enable-feature=native-histograms'] };

/** Floats that the query API prints exactly. */
const FLOATS = [0, -1.5, 0.1 + 0.2, 5e-324, 1.7976931348623157e308, Infinity, -Infinity, NaN];

for (const protocol of ['1.0', '2.0'] as const) {
  t.test(`Prometheus returns what was written by version ${protocol}`, { skip }, async (t) => {
    const { url } = await startPrometheus(t, NATIVE_HISTOGRAMS);
    const { writer, metrics, messages } = setUp(t, url, { protocol });
    writer.append([
      ...FLOATS.map((value, i) => sample('floats', START_MS + i * 1000, value)),
      sample('floats', START_MS + 60_000, 'stale'),
      histogram('exponential', START_MS, EXPONENTIAL),
      histogram('integers', START_MS, INTEGERS),
      sample('integers', START_MS + 60_000, 'stale'),
      histogram('custom', START_MS, CUSTOM),
    ]);
    t.equal(await writer.flush(FLUSH_MS), true);
    const hasCustom = protocol === '2.0';
    t.match(metrics, { failed: 0, retried: 0, dropped: hasCustom ? {} : { nhcb_in_rw1_not_supported: 1 } });
    t.same(messages, []);

    const [floats] = await query(url, 'floats[10m]', START_MS + 60_000);
    t.same(floats!.metric, { __name__: 'floats', source: 'promfed' });
    t.same(
      floats!.values,
      FLOATS.map((value, i) => [START_MS / 1000 + i, formatFloat(value)]),
    );
    for (const metric of ['floats', 'integers']) {
      t.equal((await query(url, metric, START_MS + 59_999)).length, 1, `${metric} before the stale marker`);
      t.same(await query(url, metric, START_MS + 60_000), [], `${metric} after it`);
    }
    const answers = await Promise.all(
      ['exponential', 'integers', 'custom'].map((metric) => query(url, metric, START_MS + 1000)),
    );
    t.same(
      answers.map(([answer]) => answer?.histogram?.[1]),
      [
        {
          count: '9.25',
          sum: '12.5',
          buckets: [
            [1, '-1', '-0.8408964152537144', '1'],
            [3, '-0.001', '0.001', '1.5'],
            [0, '0.5946035575013605', '0.7071067811865475', '1'],
            [0, '0.7071067811865475', '0.8408964152537144', '2.5'],
            [0, '1.414213562373095', '1.6817928305074288', '3.25'],
          ],
        },
        {
          count: '7',
          sum: '30',
          buckets: [
            [0, '0.5', '1', '3'],
            [0, '1', '2', '2'],
            [0, '8', '16', '2'],
          ],
        },
        hasCustom
          ? {
              count: '6',
              sum: '20',
              buckets: [
                [3, '-Inf', '0.5', '1'],
                [0, '1', '2.5', '3'],
                [0, '2.5', '+Inf', '2'],
              ],
            }
          : undefined,
      ],
    );
  });

  t.test(`VictoriaMetrics returns what was written with version ${protocol}`, { skip }, async (t) => {
    const { url } = await startVictoriaMetrics(t);
    const { writer, metrics, messages } = setUp(t, url, { protocol });
    const values = [0, -1.5, 1234.5678, 1e9];
    writer.append([
      ...values.map((value, i) => sample('floats', START_MS + i * 1000, value)),
      sample('floats', START_MS + 60_000, 'stale'),
      histogram('exponential', START_MS, EXPONENTIAL),
      histogram('custom', START_MS, CUSTOM),
    ]);
    t.equal(await writer.flush(FLUSH_MS), true);
    t.match(metrics, { failed: 0, dropped: { nhcb_in_rw1_not_supported: 1 } });
    // VictoriaMetrics accepts version 2.0 with 204 and stores nothing.
    const fallback = [{ message: 'remote write receiver does not support version 2.0; using version 1.0' }];
    t.match(messages, protocol === '2.0' ? fallback : []);

    await (await fetch(`${url}/internal/force_flush`)).arrayBuffer();
    const [floats] = await query(url, 'floats[10m]', START_MS + 59_000);
    t.same(
      floats!.values,
      values.map((value, i) => [START_MS / 1000 + i, formatFloat(value)]),
    );
    t.equal((await query(url, 'floats', START_MS + 59_000)).length, 1);
    t.same(await query(url, 'floats', START_MS + 61_000), []);
    // It stores native histograms as series of its own kind.
    const [count] = await query(url, 'exponential_count', START_MS + 1000);
    t.equal(count!.value![1], '9.25');
    const buckets = await query(url, 'sort_by_label(exponential_bucket, "vmrange")', START_MS + 1000);
    t.same(buckets.map(({ value }) => Number(value![1])).sort(), [1, 1, 1.5, 2.5, 3.25]);
  });
}

t.test('an outage of Prometheus loses no sample and keeps the order', { skip }, async (t) => {
  const server = await startPrometheus(t);
  const { writer, metrics } = setUp(t, server.url, { queue: { minShards: 3 } });
  const evaluate = (from: number, to: number): void => {
    // An evaluation every five seconds: those of five minutes are during the outage.
    for (let i = from; i < to; i++) {
      writer.append(Array.from({ length: 50 }, (_, n) => sample(`m${n}`, START_MS + i * 5000, i)));
    }
  };
  evaluate(0, 10);
  t.equal(await writer.flush(FLUSH_MS), true);
  await server.kill();
  evaluate(10, 70);
  await until(() => metrics.retried > 0, 'a failed request');
  t.equal(writer.pending, 60 * 50);
  await server.restart();
  evaluate(70, 80);
  t.equal(await writer.flush(FLUSH_MS), true);
  t.match(metrics, { failed: 0, pending: 0, dropped: {} });
  const series = await query(server.url, '{__name__=~"m.*"}[10m]', START_MS + 400_000);
  t.equal(series.length, 50);
  const expected = Array.from({ length: 80 }, (_, i) => [START_MS / 1000 + i * 5, String(i)]);
  for (const { values } of series) t.same(values, expected);
});

t.test('one sample that Prometheus refuses does not lose the others', { skip }, async (t) => {
  for (const protocol of ['1.0', '2.0'] as const) {
    const { url } = await startPrometheus(t);
    const { writer, metrics, messages } = setUp(t, url, { protocol });
    const samples = Array.from({ length: 500 }, (_, i) => sample(`m${i}`, START_MS, i));
    samples.splice(137, 0, sample('future', Date.now() + 3_600_000));
    writer.append(samples);
    t.equal(await writer.flush(FLUSH_MS), true);
    t.match(metrics, { failed: 1, retried: 0, pending: 0 });
    t.match(messages, [
      {
        level: 'error',
        message: 'remote write receiver refused samples; dropping them',
        fields: { reason: 'status 400', samples: 1 },
      },
    ]);
    const [count] = await query(url, 'count({source="promfed"})', START_MS + 1000);
    t.equal(count!.value![1], '500');
  }
});
